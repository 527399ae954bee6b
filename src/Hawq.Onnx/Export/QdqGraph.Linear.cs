using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Onnx.Export;

/// <content>Layers with weights.</content>
internal sealed partial class QdqGraph
{
    private void WriteConv(ConvLayer conv, string real)
    {
        Size2 kernel = new(conv.Weights.KernelHeight, conv.Weights.KernelWidth);
        List<AttributeProto> attributes =
        [
            Attribute("kernel_shape", kernel.Height, kernel.Width),
            Attribute("dilations", conv.Dilation.Height, conv.Dilation.Width),
            Attribute("group", (long)conv.Groups),
        ];
        if (_transposed.TryGetValue(conv.Input, out SpreadLayer? spread))
        {
            TransposedConvolution transposed = TransposedConvolution.Of(spread, conv);
            attributes.Add(Attribute("strides", spread.Step.Height, spread.Step.Width));
            attributes.Add(Attribute("pads", transposed.Cut.Top, transposed.Cut.Left, transposed.Cut.Bottom, transposed.Cut.Right));
            attributes.Add(Attribute("output_padding", transposed.OutputPadding.Height, transposed.OutputPadding.Width));
            string turned = TransposedWeights(conv);
            writer.Node("ConvTranspose", real, [Value(spread.Input), turned, Bias(conv)], [.. attributes]);
            return;
        }

        attributes.Add(Attribute("strides", conv.Stride.Height, conv.Stride.Width));
        attributes.Add(Attribute("pads", conv.Padding.Top, conv.Padding.Left, conv.Padding.Bottom, conv.Padding.Right));
        string convWeights = Weights(conv, kernel);
        writer.Node("Conv", real, [Value(conv.Input), convWeights, Bias(conv)], [.. attributes]);
    }

    private void WriteGemm(GemmLayer gemm, string real)
    {
        Shape shape = _tensors[gemm.Input].Shape;
        string gemmWeights = Weights(gemm, new Size2(shape.Height, shape.Width));
        string flat = _flat.Contains(gemm.Input)
            ? DequantizedOf(gemm.Input)
            : writer.Node("Reshape", $"{gemm.Output}_flat", [DequantizedOf(gemm.Input), writer.Longs($"{gemm.Output}_flat_shape", 1, shape.Length)]);
        writer.Node("Gemm", real, [flat, gemmWeights, Bias(gemm)], Attribute("transB", 1L));
        _flat.Add(gemm.Output);
    }

    /// <summary>
    /// Weights in ONNX order [output][input][row][column]; for Gemm the spatial size of its input takes the kernel's place, since the manifest
    /// flattens rows, columns, channels and ONNX channels, rows, columns.
    /// </summary>
    private string Weights(LinearLayer layer, Size2 window)
    {
        sbyte[] codes = weights.Unpack(layer.Weights);
        int taps = window.Height * window.Width;
        int channels = layer.Weights.PerChannel / taps;
        int[] permuted = new int[codes.Length];
        int next = 0;
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                for (int tap = 0; tap < taps; tap++)
                {
                    permuted[next++] = codes[(((o * taps) + tap) * channels) + channel];
                }
            }
        }

        long[] dims = layer is GemmLayer ? [layer.OutputChannels, layer.Weights.PerChannel] : [layer.OutputChannels, channels, window.Height, window.Width];
        return Weights(layer, permuted, axis: 0, dims);
    }

    /// <summary>
    /// Weights of a transposed convolution: [input][output of the group][row][column], turned by 180 degrees. One group, or a group per channel
    /// (<see cref="TransposedConvolution"/>), so that the scales lie along one axis.
    /// </summary>
    private string TransposedWeights(ConvLayer layer)
    {
        sbyte[] codes = weights.Unpack(layer.Weights);
        int taps = layer.Weights.KernelHeight * layer.Weights.KernelWidth;
        int inputs = layer.Weights.InputChannels;
        int[] turned = new int[codes.Length];
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                for (int i = 0; i < inputs; i++)
                {
                    int first = inputs == 1 ? o * taps : ((i * layer.OutputChannels) + o) * taps;
                    turned[first + taps - 1 - tap] = codes[(((o * taps) + tap) * inputs) + i];
                }
            }
        }

        bool isDepthwise = layer.Groups > 1;
        return Weights(
            layer, turned, isDepthwise ? 0 : 1, isDepthwise ? layer.Groups : inputs, isDepthwise ? 1 : layer.OutputChannels, layer.Weights.KernelHeight,
            layer.Weights.KernelWidth);
    }

    /// <summary>
    /// Integer weights with their DequantizeLinear per output channel. The zero points could be left out, but ONNX Runtime makes QGemm only where they stand.
    /// </summary>
    private string Weights(LinearLayer layer, int[] codes, long axis, params long[] dims)
    {
        bool packed = options.Grid == ExportGrid.Exact && layer.Weights.Bits < 8;
        TensorProto.Types.DataType type = packed ? TensorProto.Types.DataType.Int4 : TensorProto.Types.DataType.Int8;
        return writer.Node(
            "DequantizeLinear", $"{layer.Output}_weights",
            [
                writer.Codes($"{layer.Output}_weights_quantized", type, codes, dims),
                writer.Floats($"{layer.Output}_weights_scale", layer.Weights.Scales, layer.OutputChannels),
                writer.Codes($"{layer.Output}_weights_zero_point", type, new int[layer.OutputChannels], layer.OutputChannels),
            ],
            Attribute("axis", axis));
    }

    /// <summary>The int32 bias at scale(x) * scale(w), as QDQ tools write it.</summary>
    private string Bias(LinearLayer layer)
    {
        float inputScale = grids[layer.Input].Scale;
        float[] scales = [.. layer.Weights.Scales.Select(s => s * inputScale)];
        int[] bias = layer.Bias.ToArray();
        if (inputScale != _tensors[layer.Input].Scale)
        {
            // The twin's input has another step: the same real bias in its unit.
            double ratio = (double)_tensors[layer.Input].Scale / inputScale;
            bias = [.. bias.Select(b => (int)Math.Round(b * ratio))];
        }

        return writer.Node(
            "DequantizeLinear", $"{layer.Output}_bias",
            [
                writer.Codes($"{layer.Output}_bias_quantized", TensorProto.Types.DataType.Int32, bias, layer.OutputChannels),
                writer.Floats($"{layer.Output}_bias_scale", scales, layer.OutputChannels),
            ],
            Attribute("axis", 0L));
    }
}
