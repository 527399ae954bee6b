using Hawq.Model;
using Hawq.Onnx;

namespace Hawq.Cli.Reports;

/// <summary>One layer as <c>hawq inspect</c> shows it; null means: has none. Also the shape of its JSON.</summary>
/// <param name="Name">Layer or node name.</param>
/// <param name="Op">Operator.</param>
/// <param name="Input">Shape of the first input.</param>
/// <param name="Output">Shape of the output.</param>
/// <param name="Detail">Kernel, stride, padding, groups, or what else tells layers of one operator apart.</param>
/// <param name="WeightBits">Bits of a weight.</param>
/// <param name="InputBits">Nominal bits of the first input.</param>
/// <param name="OutputBits">Nominal bits of the output.</param>
/// <param name="OutputType">Short type of the output codes, for example u7.</param>
/// <param name="Range">Output codes (manifest) or weights (ONNX): smallest and largest.</param>
/// <param name="Accumulator">Reachable int32 accumulators, smallest and largest.</param>
/// <param name="Parameters">Weights and biases.</param>
/// <param name="Weights">Weights, biases left out.</param>
/// <param name="Macs">Multiply-accumulates for one image.</param>
/// <param name="WeightBytes">Bytes of weights in the sidecar.</param>
internal sealed record LayerReport(
    string Name, string Op, string? Input, string Output, string Detail, int? WeightBits, int? InputBits, int? OutputBits, string? OutputType,
    double[]? Range, long[]? Accumulator, long Parameters, long Weights, long Macs, long WeightBytes)
{
    /// <summary>Bit operations, weight bits times activation bits times multiply-accumulates (HAWQ-V3's BOPS).</summary>
    public long Bops => (WeightBits ?? 0L) * (InputBits ?? 0L) * Macs;

    /// <summary>Describes a layer of a quantized network.</summary>
    public static LayerReport Of(Layer layer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Tensor input = tensors[layer.Inputs[0]];
        Tensor output = tensors[layer.Output];
        LinearLayer? linear = layer as LinearLayer;
        return new LayerReport(
            layer.Name, layer.Op, input.Shape.ToString(), output.Shape.ToString(), Detailed(layer), linear?.Weights.Bits, input.Bits, output.Bits,
            output.TypeName, [output.Lo, output.Hi], linear is null ? null : [linear.Facts.AccumulatorLo, linear.Facts.AccumulatorHi],
            linear is null ? 0 : linear.Weights.Count + linear.OutputChannels, linear?.Weights.Count ?? 0,
            linear is null ? 0 : (long)output.Shape.Height * output.Shape.Width * linear.Weights.Count,
            linear?.Weights.Bytes ?? 0);
    }

    /// <summary>Describes a node of a float network.</summary>
    public static LayerReport Of(FloatNode node, IReadOnlyDictionary<string, Shape> shapes)
    {
        Shape? input = node.Inputs.Count > 0 ? shapes[node.Inputs[0]] : null;
        Shape output = shapes[node.Output];
        (float[] weights, float[] bias) = node switch
        {
            ConvNode conv => (conv.Weights, conv.Bias),
            GemmNode gemm => (gemm.Weights, gemm.Bias),
            _ => ([], []),
        };
        return new LayerReport(
            node.Name, Operator(node), input?.ToString(), output.ToString(), Detailed(node),
            null, null, null, null,
            weights.Length > 0 ? [weights.Min(), weights.Max()] : null, null,
            weights.LongLength + bias.LongLength, weights.LongLength, (long)output.Height * output.Width * weights.LongLength, sizeof(float) * weights.LongLength);
    }

    private static string Operator(FloatNode node) => node switch
    {
        ClipNode { Lo: 0, Hi: float.PositiveInfinity } => "Relu",
        _ => node.GetType().Name.Replace("Node", "", StringComparison.Ordinal),
    };

    private static string Detailed(Layer layer) => layer switch
    {
        ConvLayer conv => Convolution(new Size2(conv.Weights.KernelHeight, conv.Weights.KernelWidth), conv.Stride, conv.Padding, conv.Dilation, conv.Groups),
        SliceLayer slice => $"step {slice.Step}",
        PadLayer pad => Padded(pad.Padding, pad.ChannelsBefore, pad.ChannelsAfter),
        _ => "",
    };

    private static string Detailed(FloatNode node) => node switch
    {
        ConvNode conv => Convolution(conv.Kernel, conv.Stride, conv.Padding, conv.Dilation, conv.Groups),
        SliceNode slice => $"step {slice.Step}",
        PadNode pad => Padded(pad.Padding, pad.ChannelsBefore, pad.ChannelsAfter),
        ClipNode clip when Operator(clip) == "Clip" => FormattableString.Invariant($"[{clip.Lo}, {clip.Hi}]"),
        _ => "",
    };

    private static string Convolution(Size2 kernel, Size2 stride, Padding padding, Size2 dilation, int groups)
    {
        string text = $"{kernel}";
        text += stride == new Size2(1, 1) ? "" : $" stride {stride}";
        text += padding == default ? "" : $" pad {padding}";
        text += dilation == new Size2(1, 1) ? "" : $" dilation {dilation}";
        return groups == 1 ? text : $"{text} groups {groups}";
    }

    private static string Padded(Padding padding, int before, int after) =>
        padding == default ? $"channels +{before}+{after}" : before == 0 && after == 0 ? $"pad {padding}" : $"pad {padding} channels +{before}+{after}";
}
