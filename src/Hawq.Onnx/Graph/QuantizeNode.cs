namespace Hawq.Onnx;

/// <summary>
/// The grid that an imported quantized model gives to a value (QuantizeLinear and DequantizeLinear):
/// y = Scale * (clamp(round_half_even(x / Scale) + ZeroPoint, Lo, Hi) - ZeroPoint).
/// </summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value, of the same shape: whole multiples of the scale.</param>
/// <param name="Scale">Step, positive and finite.</param>
/// <param name="ZeroPoint">Code of zero, in [Lo, Hi].</param>
/// <param name="Lo">Smallest code: -128 or 0 for 8 bits.</param>
/// <param name="Hi">Largest code: 127 or 255 for 8 bits.</param>
public sealed record QuantizeNode(string Name, string Input, string Output, float Scale, int ZeroPoint, int Lo, int Hi) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}
