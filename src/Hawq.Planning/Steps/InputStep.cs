using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Brings the caller's pixels (through a table per channel) or codes into the arena.</summary>
/// <param name="Name">Name of the input tensor.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Target">The input tensor.</param>
/// <param name="Tables">
/// 256 stored values per channel, or one table where all channels have the same; empty when the caller passes codes, which are then checked
/// against the range.
/// </param>
public sealed record InputStep(string Name, WorkPlan Work, TensorStorage Target, EquatableArray<EquatableArray<int>> Tables)
    : Step(Name, default, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}
