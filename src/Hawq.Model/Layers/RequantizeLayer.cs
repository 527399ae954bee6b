namespace Hawq.Model;

/// <summary>
/// Moves codes from one grid to another: y = clamp(rq(x - zeroPoint(x)) + zeroPoint(y), lo(y), hi(y)). Stands between the
/// 16-bit residual grid and the 8- or 4-bit input of the next convolution.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor of the same shape.</param>
/// <param name="Requantize">scale(x) / scale(y).</param>
public sealed record RequantizeLayer(string Name, string Input, string Output, Dyadic Requantize) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "requantize";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
