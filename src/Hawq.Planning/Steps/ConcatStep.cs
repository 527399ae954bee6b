using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Brings several tensors, each with a multiplier of its own, into the channels of a joined one. On a CPU the steps before it have done that
/// (<see cref="KernelPreference.JoinInPlace"/>): it has no parts, and only its border is left to fill.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Target">The joined tensor.</param>
/// <param name="Parts">In the order of their channels; none where all are in their place already.</param>
public sealed record ConcatStep(string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Target, EquatableArray<ConcatPart> Parts)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => Parts.Select(part => part.Source);

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}

/// <summary>One part of a joined tensor.</summary>
/// <param name="Source">Source tensor.</param>
/// <param name="Store">Multiplier, clamp, and the channels of the joined tensor that it becomes, as a storage of their own.</param>
public sealed record ConcatPart(TensorStorage Source, Store Store);
