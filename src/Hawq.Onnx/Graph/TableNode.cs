namespace Hawq.Onnx;

/// <summary>
/// A function of values on a grid that is given by its results, as a model that came quantized has it: y = Tables[channel][round(x / Scale) + Zero], where
/// codes beyond the ends mean the ends.
/// </summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value, whole multiples of <paramref name="Scale"/>.</param>
/// <param name="Output">Output value, of the same shape.</param>
/// <param name="Scale">Step of the input, positive.</param>
/// <param name="Zero">Entry of x = 0.</param>
/// <param name="Tables">One table, or one per channel; all of one length.</param>
public sealed record TableNode(string Name, string Input, string Output, float Scale, int Zero, IReadOnlyList<float[]> Tables) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>Value at <paramref name="x"/>.</summary>
    public static float Evaluate(float[] table, double x, float scale, int zero) =>
        table[(int)Math.Clamp(Math.Round(x / scale) + zero, 0, table.Length - 1)];
}
