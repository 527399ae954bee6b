namespace Hawq.Model;

/// <summary>
/// Channels in another order (channel shuffle): y[i, j, k] = x[i, j, Source[k]]. Codes do not change, so input and output share scale, zero point and range.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor of the same shape.</param>
/// <param name="Source">A permutation of the channels.</param>
public sealed record PermuteLayer(string Name, string Input, string Output, EquatableArray<int> Source) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "permute";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
