using Hawq.Model;

namespace Hawq.Planning;

/// <summary>One step of a planned network: one or several layers, computed by one kernel call.</summary>
/// <param name="Name">Name of the first layer that it covers.</param>
/// <param name="Layers">Names of all layers that it covers, in order.</param>
/// <param name="Work">How the step can be divided among threads.</param>
public abstract record Step(string Name, EquatableArray<string> Layers, WorkPlan Work)
{
    /// <summary>Everything the step reads from the arena.</summary>
    public abstract IEnumerable<TensorStorage> Reads { get; }

    /// <summary>Every tensor that the step materialises, in the order in which its kernel stores them.</summary>
    public abstract IEnumerable<TensorStorage> Writes { get; }
}

/// <summary>
/// How a step is divided: its kernel takes a half-open range of <see cref="Count"/> units of work, which are independent of one another and
/// whose results do not depend on the division.
/// </summary>
/// <param name="Axis">What a unit is.</param>
/// <param name="Count">Number of units, at least 1.</param>
public sealed record WorkPlan(WorkAxis Axis, int Count)
{
    /// <summary>A step that one thread does alone.</summary>
    public static WorkPlan Whole { get; } = new(WorkAxis.Whole, 1);
}

/// <summary>What a unit of work is.</summary>
public enum WorkAxis
{
    /// <summary>The whole step.</summary>
    Whole,

    /// <summary>One row of the output.</summary>
    Rows,

    /// <summary>One block of output channels, as wide as the kernel's tile.</summary>
    ChannelBlocks,
}
