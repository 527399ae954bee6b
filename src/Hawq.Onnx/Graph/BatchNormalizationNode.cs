namespace Hawq.Onnx;

/// <summary>
/// Batch normalization in inference form: y = (x - Mean) / sqrt(Variance + Epsilon) * Scale + Bias per channel. Only in graphs from
/// <see cref="OnnxImporter.LoadUnfolded"/>: Mean and Variance say how <see cref="Input"/> was distributed in training.
/// </summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value: the one that Mean and Variance are statistics of.</param>
/// <param name="Output">Output value, of the same shape.</param>
/// <param name="Scale">Learned factor per channel (gamma).</param>
/// <param name="Bias">Learned offset per channel (beta).</param>
/// <param name="Mean">Running mean per channel.</param>
/// <param name="Variance">Running variance per channel.</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormalizationNode(
    string Name, string Input, string Output, float[] Scale, float[] Bias, float[] Mean, float[] Variance, float Epsilon) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>The same as y = x * Factors + Offsets: factor = Scale / sqrt(Variance + Epsilon), offset = Bias - Mean * factor.</summary>
    public (float[] Factors, float[] Offsets) Affine()
    {
        var factors = new float[Scale.Length];
        var offsets = new float[Scale.Length];
        for (int c = 0; c < factors.Length; c++)
        {
            double factor = Scale[c] / Math.Sqrt(Variance[c] + (double)Epsilon);
            factors[c] = (float)factor;
            offsets[c] = (float)(Bias[c] - (Mean[c] * factor));
        }

        return (factors, offsets);
    }
}
