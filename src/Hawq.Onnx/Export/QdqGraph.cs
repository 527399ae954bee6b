using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Onnx.Export;

/// <summary>
/// Prints the layers of one network. Names: <c>T_quantized</c> holds the codes of tensor T, <c>T_real</c> the value before it is quantized, and
/// <c>T_dequantized</c> (T itself for an output) the value that consumers read. Layout is ONNX's, 1 x C x H x W.
/// </summary>
internal sealed class QdqGraph(
    Network network, NetworkWeights weights, OnnxWriter writer, IReadOnlyDictionary<string, ExportedGrid> grids, ExportOptions options)
{
    private readonly Dictionary<string, Tensor> _tensors = network.Tensors.ToDictionary(t => t.Name);

    /// <summary>Values that Gemm left in two dimensions.</summary>
    private readonly HashSet<string> _flat = [];

    private readonly HashSet<string> _reshaped = [];

    /// <summary>Tensors whose codes exist already (the twin merges some).</summary>
    private readonly HashSet<string> _written = [];

    /// <summary>Prints everything.</summary>
    public void Write()
    {
        WriteInput();
        foreach (Layer layer in network.Layers)
        {
            Write(layer);
        }

        foreach (string output in network.Outputs)
        {
            Shape shape = _tensors[output].Shape;
            writer.Output(Dequantized(grids[output].Name), TensorProto.Types.DataType.Float, _flat.Contains(output) ? [1, shape.Channels] : Dims(shape));
        }
    }

    private static long[] Dims(Shape shape) => [1, shape.Channels, shape.Height, shape.Width];

    private string Dequantized(string tensor) => network.Outputs.Contains(tensor) ? tensor : $"{tensor}_dequantized";

    private void WriteInput()
    {
        Tensor input = _tensors[network.Input.Tensor];
        ExportedGrid grid = grids[input.Name];
        if (options.Input == ExportInput.Codes)
        {
            writer.Input(input.Name, grid.Type, Dims(input.Shape));
            Dequantize(grid, input.Name);
            return;
        }

        writer.Input(input.Name, TensorProto.Types.DataType.Float, Dims(input.Shape));
        Quantize(input.Name, input.Name);
    }

    private void Write(Layer layer)
    {
        string real = $"{layer.Output}_real";
        switch (layer)
        {
            case ConvLayer conv:
                Size2 kernel = new(conv.Weights.KernelHeight, conv.Weights.KernelWidth);
                string convWeights = Weights(conv, kernel);
                writer.Node(
                    "Conv", real, [Value(conv.Input), convWeights, Bias(conv)],
                    Attribute("kernel_shape", kernel.Height, kernel.Width),
                    Attribute("strides", conv.Stride.Height, conv.Stride.Width),
                    Attribute("pads", conv.Padding.Top, conv.Padding.Left, conv.Padding.Bottom, conv.Padding.Right),
                    Attribute("dilations", conv.Dilation.Height, conv.Dilation.Width),
                    Attribute("group", (long)conv.Groups));
                break;
            case GemmLayer gemm:
                Shape shape = _tensors[gemm.Input].Shape;
                string gemmWeights = Weights(gemm, new Size2(shape.Height, shape.Width));
                string flat = _flat.Contains(gemm.Input)
                    ? DequantizedOf(gemm.Input)
                    : writer.Node("Flatten", $"{layer.Output}_flat", [DequantizedOf(gemm.Input)], Attribute("axis", 1L));
                writer.Node("Gemm", real, [flat, gemmWeights, Bias(gemm)], Attribute("transB", 1L));
                _flat.Add(layer.Output);
                break;
            case AddLayer add:
                writer.Node("Add", real, [Value(add.A), Value(add.B)]);
                break;
            case GlobalAveragePoolLayer pool:
                writer.Node("GlobalAveragePool", real, [Value(pool.Input)]);
                break;
            case SliceLayer slice:
                WriteSlice(slice, real);
                break;
            case PadLayer pad:
                writer.Node(
                    "Pad", real,
                    [
                        Value(pad.Input),
                        writer.Longs(
                            $"{layer.Output}_pads", 0, pad.ChannelsBefore, pad.Padding.Top, pad.Padding.Left, 0, pad.ChannelsAfter, pad.Padding.Bottom, pad.Padding.Right),
                    ]);
                break;
            case RequantizeLayer requantize:
                if (grids[requantize.Input].Name == grids[requantize.Output].Name)
                {
                    return;
                }

                real = Value(requantize.Input);
                break;
            default:
                throw new HawqException(
                    HawqIds.OnnxUnsupported, $"The layer '{layer.Name}' ({layer.Op}) cannot be written as ONNX yet. Export works for convolutions, Gemm, add, pad, slice and global average pooling.");
        }

        Quantize(layer.Output, real);
    }

    private void WriteSlice(SliceLayer slice, string real)
    {
        Shape shape = _tensors[slice.Output].Shape;
        string name = slice.Output;
        writer.Node(
            "Slice", real,
            [
                Value(slice.Input),
                writer.Longs($"{name}_starts", slice.StartChannel, slice.Start.Height, slice.Start.Width),
                writer.Longs(
                    $"{name}_ends", slice.StartChannel + shape.Channels, slice.Start.Height + ((shape.Height - 1) * slice.Step.Height) + 1,
                    slice.Start.Width + ((shape.Width - 1) * slice.Step.Width) + 1),
                writer.Longs($"{name}_axes", 1, 2, 3),
                writer.Longs($"{name}_steps", 1, slice.Step.Height, slice.Step.Width),
            ]);
    }

    /// <summary>The real value of a tensor, in four dimensions.</summary>
    private string Value(string tensor)
    {
        string value = DequantizedOf(tensor);
        if (!_flat.Contains(tensor))
        {
            return value;
        }

        string reshaped = $"{value}_4d";
        if (_reshaped.Add(reshaped))
        {
            writer.Node("Reshape", reshaped, [value, writer.Longs($"{reshaped}_shape", Dims(_tensors[tensor].Shape))]);
        }

        return reshaped;
    }

    private string DequantizedOf(string tensor) => Dequantized(grids[tensor].Name);

    /// <summary>Real value to the tensor's codes and back.</summary>
    private void Quantize(string tensor, string real)
    {
        ExportedGrid grid = grids[tensor];
        if (!_written.Add(grid.Name))
        {
            return;
        }

        if (grid.IsReal)
        {
            // Rounded to the grid all the same: a wide branch has the step of the sum that it goes into.
            string step = writer.Floats($"{grid.Name}_scale", [grid.Scale]);
            string inSteps = writer.Node("Div", $"{grid.Name}_steps", [real, step]);
            writer.Node("Mul", Dequantized(grid.Name), [writer.Node("Round", $"{grid.Name}_rounded", [inSteps]), step]);
            return;
        }

        (string scale, string zeroPoint) = Scale(grid);
        string codes = $"{grid.Name}_quantized";
        if (grid.FillsType)
        {
            writer.Node("QuantizeLinear", codes, [real, scale, zeroPoint]);
        }
        else if (grid.IsByte)
        {
            // The clamp stands behind the quantization, on codes: before it, it would keep ONNX Runtime from fusing the pair.
            string unclipped = writer.Node("QuantizeLinear", $"{grid.Name}_unclipped", [real, scale, zeroPoint]);
            writer.Node(
                "Clip", codes,
                [
                    unclipped,
                    writer.Codes($"code_{grid.Lo}", grid.Type, [grid.Lo]),
                    writer.Codes($"code_{grid.Hi}", grid.Type, [grid.Hi]),
                ]);
        }
        else
        {
            // Clip has no 16-bit form in ONNX Runtime.
            string clipped = writer.Node(
                "Clip", $"{grid.Name}_clipped",
                [
                    real,
                    writer.Floats($"{grid.Name}_lo", [grid.Scale * (grid.Lo - grid.ZeroPoint)]),
                    writer.Floats($"{grid.Name}_hi", [grid.Scale * (grid.Hi - grid.ZeroPoint)]),
                ]);
            writer.Node("QuantizeLinear", codes, [clipped, scale, zeroPoint]);
        }

        Dequantize(grid, codes);
    }

    private void Dequantize(ExportedGrid grid, string codes)
    {
        _written.Add(grid.Name);
        (string scale, string zeroPoint) = Scale(grid);
        writer.Node("DequantizeLinear", Dequantized(grid.Name), [codes, scale, zeroPoint]);
    }

    private (string Scale, string ZeroPoint) Scale(ExportedGrid grid) =>
        (writer.Floats($"{grid.Name}_scale", [grid.Scale]), writer.Codes($"{grid.Name}_zero_point", grid.Type, [grid.ZeroPoint]));

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

        bool packed = options.Grid == ExportGrid.Exact && layer.Weights.Bits < 8;
        long[] dims = layer is GemmLayer ? [layer.OutputChannels, layer.Weights.PerChannel] : [layer.OutputChannels, channels, window.Height, window.Width];
        return writer.Node(
            "DequantizeLinear", $"{layer.Output}_weights",
            [
                writer.Codes($"{layer.Output}_weights_quantized", packed ? TensorProto.Types.DataType.Int4 : TensorProto.Types.DataType.Int8, permuted, dims),
                writer.Floats($"{layer.Output}_weights_scale", layer.Weights.Scales, layer.OutputChannels),
            ],
            Attribute("axis", 0L));
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
