using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Slices and pads, fused: codes are copied unchanged, what lies outside the copied ranges becomes the zero point. Target
/// (Rows.First + i, Columns.First + j, Channels.First + k) is source (Start.Height + i * Step.Height, Start.Width + j * Step.Width, StartChannel + k).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Target">Target tensor, with the same element and stored zero.</param>
/// <param name="Start">First source row and column.</param>
/// <param name="Step">Source rows and columns between samples.</param>
/// <param name="StartChannel">First source channel.</param>
/// <param name="Rows">Target rows that come from the source.</param>
/// <param name="Columns">Target columns that come from the source.</param>
/// <param name="Channels">Target channels that come from the source.</param>
public sealed record CopyStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, TensorStorage Target,
    Size2 Start, Size2 Step, int StartChannel, IndexRange Rows, IndexRange Columns, IndexRange Channels) : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}

/// <summary>A run of indices.</summary>
/// <param name="First">First index.</param>
/// <param name="Count">How many; may be 0.</param>
public readonly record struct IndexRange(int First, int Count);
