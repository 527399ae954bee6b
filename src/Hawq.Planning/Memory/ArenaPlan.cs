using Hawq.Model;

namespace Hawq.Planning;

/// <summary>The memory of one network instance: one block, every buffer at a constant offset.</summary>
/// <param name="Bytes">Length of the block, a multiple of 64, slack for over-reads included.</param>
/// <param name="LowerBound">The largest sum of buffers that live at the same step: no plan can need less.</param>
/// <param name="Buffers">All buffers, in the order in which they are first written.</param>
public sealed record ArenaPlan(int Bytes, int LowerBound, EquatableArray<ArenaBuffer> Buffers);

/// <summary>One buffer of the arena.</summary>
/// <param name="Name">The tensor that it holds (the joined one where several share it), or the step whose scratch it is.</param>
/// <param name="Offset">Byte offset in the arena, a multiple of 64.</param>
/// <param name="Bytes">Length in bytes, borders included.</param>
/// <param name="FirstStep">Index of the step that writes it first.</param>
/// <param name="LastStep">Index of the last step that touches it.</param>
public sealed record ArenaBuffer(string Name, int Offset, int Bytes, int FirstStep, int LastStep);
