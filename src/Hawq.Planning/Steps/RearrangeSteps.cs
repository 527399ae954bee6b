using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Channels in another order.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Target">Target tensor, with the same element and stored zero.</param>
/// <param name="Channels">The source channel of every target channel.</param>
public sealed record PermuteStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, TensorStorage Target, EquatableArray<int> Channels) : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}

/// <summary>More rows and columns: every pixel repeated, or alone among stored zeros. A unit of work is a row of the source.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Target">Target tensor, with the same element and stored zero.</param>
/// <param name="Factor">Rows and columns of the target from one source pixel to the next.</param>
/// <param name="Repeat">Whether a pixel is repeated; otherwise stored zeros stand between two pixels.</param>
public sealed record EnlargeStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, TensorStorage Target, Size2 Factor, bool Repeat) : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}
