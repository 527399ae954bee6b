namespace Hawq.Model;

/// <summary>
/// Nearest-neighbour enlargement by whole factors: y[i, j, k] = x[i / Factor.Height, j / Factor.Width, k]. Codes do not change, so input and output share
/// scale, zero point and range.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor, H * Factor.Height x W * Factor.Width x C.</param>
/// <param name="Factor">Factors, at least 1.</param>
public sealed record ResizeLayer(string Name, string Input, string Output, Size2 Factor) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "resize";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}

/// <summary>
/// Zero points between rows and columns: y[i * Step.Height, j * Step.Width, k] = x[i, j, k], and the zero point elsewhere. With the convolution behind it, a
/// transposed convolution. Codes do not change, so input and output share scale, zero point and range.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor, (H - 1) * Step.Height + 1 x (W - 1) * Step.Width + 1 x C.</param>
/// <param name="Step">Distance of rows and columns in the output, at least 1.</param>
public sealed record SpreadLayer(string Name, string Input, string Output, Size2 Step) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "spread";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
