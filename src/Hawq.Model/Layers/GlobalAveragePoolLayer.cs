namespace Hawq.Model;

/// <summary>
/// Average over all rows and columns: the int32 sum of (x - zeroPoint(x)), then one dyadic multiplier that carries both the
/// division and the change of scale, rounded half up (not truncated):
/// y = clamp(rq(sum) + zeroPoint(y), lo(y), hi(y)).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor, 1 x 1 x C.</param>
/// <param name="Requantize">scale(x) / (H * W * scale(y)).</param>
public sealed record GlobalAveragePoolLayer(string Name, string Input, string Output, Dyadic Requantize) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "globalAveragePool";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
