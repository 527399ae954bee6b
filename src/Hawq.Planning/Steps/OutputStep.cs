using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Copies an output tensor's codes to the caller's span of int.</summary>
/// <param name="Name">Name of the output tensor.</param>
/// <param name="Source">The tensor.</param>
/// <param name="Index">Which output it is.</param>
public sealed record OutputStep(string Name, TensorStorage Source, int Index) : Step(Name, default, WorkPlan.Whole)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [];
}
