using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Onnx.Export;

/// <summary>
/// Prints the layers of one network. Names: <c>T_quantized</c> holds the codes of tensor T, <c>T_real</c> the value before it is quantized, and
/// <c>T_dequantized</c> (T itself for an output) the value that consumers read. Layout is ONNX's, 1 x C x H x W.
/// </summary>
internal sealed partial class QdqGraph(
    Network network, NetworkWeights weights, OnnxWriter writer, IReadOnlyDictionary<string, ExportedGrid> grids, ExportOptions options)
{
    private readonly Dictionary<string, Tensor> _tensors = network.Tensors.ToDictionary(t => t.Name);

    /// <summary>Values that Gemm left in two dimensions.</summary>
    private readonly HashSet<string> _flat = [];

    private readonly HashSet<string> _reshaped = [];

    /// <summary>The value that holds the codes of a tensor, by the name of its grid (the twin merges some tensors).</summary>
    private readonly Dictionary<string, string> _codes = [];

    /// <summary>Real values that exist already.</summary>
    private readonly HashSet<string> _dequantized = [];

    /// <summary>The spreads that become one ConvTranspose with the convolution behind them, by their output.</summary>
    private readonly Dictionary<string, SpreadLayer> _transposed = TransposedConvolution.Find(network);

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
            writer.Output(DequantizedOf(output), TensorProto.Types.DataType.Float, _flat.Contains(output) ? [1, shape.Channels] : Dims(shape));
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
            _codes.Add(grid.Name, input.Name);
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
                WriteConv(conv, real);
                break;
            case GemmLayer gemm:
                WriteGemm(gemm, real);
                break;
            case AddLayer add:
                writer.Node("Add", real, [Operand("a", add.A, add.RequantizeA, add.Output), Operand("b", add.B, add.RequantizeB, add.Output)]);
                break;
            case SubLayer sub:
                writer.Node("Sub", real, [Operand("a", sub.A, sub.RequantizeA, sub.Output), Operand("b", sub.B, sub.RequantizeB, sub.Output)]);
                break;
            case MulLayer mul:
                writer.Node("Mul", real, [Value(mul.A), Value(mul.B)]);
                break;
            case GlobalAveragePoolLayer pool:
                writer.Node("GlobalAveragePool", real, [Value(pool.Input)]);
                break;
            case AveragePoolLayer pool:
                WriteAveragePool(pool, real);
                break;
            case ConcatLayer concat:
                writer.Node("Concat", real, concat.Parts.Select(Value), Attribute("axis", 1L));
                break;
            case LookupLayer lookup:
                WriteLookup(lookup);
                return;
            case RequantizeLayer requantize:
                if (grids[requantize.Input].Name == grids[requantize.Output].Name)
                {
                    return;
                }

                real = Value(requantize.Input);
                break;
            case SpreadLayer spread when _transposed.ContainsKey(spread.Output):
                return;
            default:
                WriteMove(layer, real);
                Quantize(layer.Output, real, clamp: false);
                return;
        }

        Quantize(layer.Output, real);
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

    private string DequantizedOf(string tensor)
    {
        ExportedGrid grid = grids[tensor];
        string real = Dequantized(grid.Name);
        if (_dequantized.Add(real))
        {
            (string scale, string zeroPoint) = Scale(grid);
            writer.Node("DequantizeLinear", real, [_codes[grid.Name], scale, zeroPoint]);
        }

        return real;
    }

    /// <summary>
    /// An operand of a sum or difference. The manifest rounds each to the output's grid before they meet; the twin, like the tools that it stands for, rounds
    /// once.
    /// </summary>
    private string Operand(string name, string tensor, Dyadic requantize, string output)
    {
        string value = Value(tensor);
        bool isExact = requantize.Multiplier == 1 << 30 && requantize.Shift == 30;
        return isExact || options.Grid == ExportGrid.Int8Twin
            ? value
            : Rounded($"{output}_{name}", value, _tensors[output].Scale);
    }

    /// <summary>A real value rounded to whole steps, without a clamp.</summary>
    private string Rounded(string name, string real, float scale, string? output = null)
    {
        string step = writer.Floats($"{name}_scale", [scale]);
        string inSteps = writer.Node("Div", $"{name}_steps", [real, step]);
        return writer.Node("Mul", output ?? $"{name}_on_grid", [writer.Node("Round", $"{name}_rounded", [inSteps]), step]);
    }

    /// <summary>Real value to the tensor's codes.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="real">The value.</param>
    /// <param name="clamp">False where no value can be outside the tensor's range.</param>
    private void Quantize(string tensor, string real, bool clamp = true)
    {
        ExportedGrid grid = grids[tensor];
        if (_codes.ContainsKey(grid.Name))
        {
            return;
        }

        if (grid.IsReal)
        {
            // Rounded to the grid all the same: a wide branch has the step of the sum that it goes into.
            _dequantized.Add(Rounded(grid.Name, real, grid.Scale, Dequantized(grid.Name)));
            return;
        }

        (string scale, string zeroPoint) = Scale(grid);
        string codes = $"{grid.Name}_quantized";
        if (grid.FillsType || !clamp)
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

        _codes.Add(grid.Name, codes);
    }

    private (string Scale, string ZeroPoint) Scale(ExportedGrid grid) =>
        (writer.Floats($"{grid.Name}_scale", [grid.Scale]), writer.Codes($"{grid.Name}_zero_point", grid.Type, [grid.ZeroPoint]));
}
