using Hawq.Model;

namespace Hawq.Onnx;

/// <summary>
/// Transposed convolution, in the terms of ONNX: every input element adds its kernel, scaled, to the rows and columns that start at
/// i * stride - padding. The output's shape says how many rows and columns are kept.
/// </summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Weights">Weights in ONNX order [input channel][output channel of the group][kernel row][kernel column].</param>
/// <param name="Bias">Bias per output channel (zeros where the model has none).</param>
/// <param name="Kernel">Kernel rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Rows and columns cut off the full result (auto_pad and output_shape resolved).</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Groups">Groups.</param>
public sealed record ConvTransposeNode(
    string Name, string Input, string Output, float[] Weights, float[] Bias, Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation, int Groups)
    : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>
    /// Where the model came quantized: the step of the weights per output channel; every weight is a whole multiple of it, -128 to
    /// 127 steps from zero. Null for a float model.
    /// </summary>
    public float[]? WeightSteps { get; init; }
}
