using Hawq.Model;

namespace Hawq.Onnx;

/// <summary>Channels of several values of equal height and width, one after the other.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Parts">Input values, at least two; a value may occur twice.</param>
/// <param name="Output">Output value.</param>
public sealed record ConcatNode(string Name, IReadOnlyList<string> Parts, string Output) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => Parts;
}

/// <summary>Channels in another order (channel shuffle): y[i, j, k] = x[i, j, Source[k]].</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value, of the same shape.</param>
/// <param name="Source">A permutation of the channels.</param>
public sealed record ChannelPermutationNode(string Name, string Input, string Output, IReadOnlyList<int> Source) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Nearest-neighbour enlargement by whole factors: y[i, j, k] = x[i / Factor.Height, j / Factor.Width, k].</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Factor">Factors, at least 1.</param>
public sealed record ResizeNode(string Name, string Input, string Output, Size2 Factor) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}
