namespace Hawq.Model;

/// <summary>
/// Product of two tensors: the int32 product of both codes relative to their zero points, then one dyadic multiplier:
/// y = clamp(rq((a - zeroPoint(a)) * (b - zeroPoint(b))) + zeroPoint(y), lo(y), hi(y)).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">First factor; the output has its shape.</param>
/// <param name="B">Second factor, of the same shape, or 1 x 1 x C and repeated over rows and columns (squeeze-and-excite).</param>
/// <param name="Output">Product.</param>
/// <param name="Requantize">scale(a) * scale(b) / scale(y).</param>
public sealed record MulLayer(string Name, string A, string B, string Output, Dyadic Requantize) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "mul";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(A, B);
}
