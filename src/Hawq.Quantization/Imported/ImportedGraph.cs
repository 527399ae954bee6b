using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Imported;

/// <summary>
/// Lowers a graph that came quantized (QDQ or QOperator): every value either has codes, on the grid that a <see cref="QuantizeNode"/> gave it, or is
/// the result of one operator on codes that waits for its own <see cref="QuantizeNode"/>. The pair is one integer layer.
/// </summary>
/// <remarks>
/// Moves (max pool, slice, ...) commute with quantization, so codes are moved. A convolution that goes into an addition without a grid of its own is rounded
/// to the sum's grid, as in integer-semantics.md. A clamp narrows the range of the grid behind it.
/// </remarks>
internal sealed partial class ImportedGraph
{
    private readonly FloatGraph _graph;
    private readonly HashSet<string> _read;
    private readonly Dictionary<string, string> _codes = []; // values that have codes, by the tensor that holds them
    private readonly Dictionary<string, Waiting> _waiting = [];
    private readonly Dictionary<string, (string Codes, float Step)> _onGrid = []; // codes rounded to another step, for a sum
    private readonly Dictionary<string, LoweredTensor> _tensors = [];
    private readonly Dictionary<string, Tensor> _grids = [];
    private readonly Dictionary<string, QuantizedLinear> _weights = [];
    private readonly List<LoweredLayer> _layers = [];
    private readonly List<string> _notes = [];

    private ImportedGraph(FloatGraph graph)
    {
        _graph = graph;
        _read = [.. graph.Nodes.SelectMany(node => node.Inputs), .. graph.Outputs];
    }

    /// <summary>A result without codes yet, the clamp behind it, and the step that it was rounded to, or 0.</summary>
    private sealed record Waiting(FloatNode Node, float Lo, float Hi, float Step = 0);

    /// <summary>Whether a graph came quantized: some of its values have grids.</summary>
    public static bool IsQuantized(FloatGraph graph) => graph.Nodes.Any(node => node is QuantizeNode);

    /// <summary>Lowers a graph.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.OnnxUnsupported"/>: something is computed in float, or has no integer form.</exception>
    public static ImportedNetwork Lower(FloatGraph graph) => new ImportedGraph(graph).Run();

    /// <summary>What a model that came quantized cannot have.</summary>
    public static HawqException Refuse(FloatNode node, string what, string remedy) => new(HawqIds.OnnxUnsupported, $"The node '{node.Name}' ({Op(node)}) {what}. {remedy}");

    private ImportedNetwork Run()
    {
        foreach (FloatNode node in _graph.Nodes.Where(node => _read.Contains(node.Output)))
        {
            Lower(SpreadNode.Of(node) ?? node);
        }

        string[] outputs = [.. _graph.Outputs.Select(Output)];
        LoweredNetwork lowered = new(_graph, _graph.Input, outputs, _tensors, _layers);
        return new ImportedNetwork(lowered, _grids, _weights, _notes);
    }

    private void Lower(FloatNode node)
    {
        switch (node)
        {
            case QuantizeNode quantize when quantize.Input == _graph.Input:
                LowerInput(quantize);
                break;
            case QuantizeNode quantize when _codes.TryGetValue(quantize.Input, out string? codes):
                Requantize(quantize, codes);
                break;
            case QuantizeNode quantize:
                _codes[quantize.Output] = Write(Take(quantize.Input, quantize), Grid(quantize), quantize.Output);
                break;
            case ClipNode clip when _waiting.TryGetValue(clip.Input, out Waiting? waiting):
                _waiting[clip.Output] = waiting with { Lo = Math.Max(waiting.Lo, clip.Lo), Hi = Math.Min(waiting.Hi, clip.Hi) };
                break;
            case ClipNode clip:
                Narrow(clip);
                break;
            case UnaryNode unary when RoundingSteps(unary.Function) is { } steps:
                Round(unary, steps);
                break;
            case { Inputs: [var moved] } when IsMove(node) && _codes.TryGetValue(moved, out string? codes):
                _codes[node.Output] = Move(node, codes, node.Output);
                break;
            default:
                _waiting[node.Output] = new Waiting(node, float.NegativeInfinity, float.PositiveInfinity);
                break;
        }
    }

    private void LowerInput(QuantizeNode quantize)
    {
        Tensor grid = Grid(quantize) with { Name = _graph.Input };
        if (_grids.TryGetValue(_graph.Input, out Tensor? known) && known != grid)
        {
            throw Refuse(quantize, "is the second grid of the network's input", "Quantize the input once.");
        }

        if (known is null)
        {
            Declare(grid, _graph.Input, TensorRole.Input);
        }

        _codes[quantize.Output] = _graph.Input;
    }

    /// <summary>From codes to codes: nothing to do where the grid is the same.</summary>
    private void Requantize(QuantizeNode quantize, string codes)
    {
        Tensor from = _grids[codes], to = Grid(quantize);
        bool same = from.Scale == to.Scale && from.ZeroPoint == to.ZeroPoint && from.Lo >= to.Lo && from.Hi <= to.Hi;
        if (!same)
        {
            Declare(to, quantize.Output, TensorRole.Activation);
            _layers.Add(new LoweredRequantize(quantize.Name, codes, to.Name));
        }

        _codes[quantize.Output] = same ? codes : to.Name;
    }

    /// <summary>A clamp of codes: the same grid with a smaller range.</summary>
    private void Narrow(ClipNode clip)
    {
        string codes = Codes(clip.Input, clip);
        Tensor narrow = Clamped(_grids[codes] with { Name = clip.Output }, clip.Lo, clip.Hi);
        Declare(narrow, clip.Output, TensorRole.Activation);
        _layers.Add(new LoweredRequantize(clip.Name, codes, narrow.Name));
        _codes[clip.Output] = narrow.Name;
    }

    private string Move(FloatNode node, string codes, string output) => Move(node, codes, output, _graph.Shapes[node.Output]);

    private string Move(FloatNode node, string codes, string output, Shape shape)
    {
        Declare(_grids[codes] with { Name = output, Shape = shape }, output, TensorRole.Activation);
        _layers.Add(new LoweredMove(node.Name, codes, output, node));
        return output;
    }

    /// <summary>The layer of a result and the grid behind it; returns the tensor that it writes.</summary>
    private string Write(Waiting result, Tensor grid, string output)
    {
        FloatNode node = result.Node;
        CheckStep(node, result.Step, grid.Scale);
        if (IsMove(node))
        {
            // The grid and the clamp come before the move: both keep the order of values, so the result is the same.
            string source = node.Inputs[0];
            Waiting before = Take(source, node);
            before = before with { Lo = Math.Max(before.Lo, result.Lo), Hi = Math.Min(before.Hi, result.Hi) };
            return Move(node, _codes[source] = Write(before, grid with { Name = source, Shape = _graph.Shapes[source] }, source), output);
        }

        Tensor tensor = Clamped(grid, result.Lo, result.Hi);
        Declare(tensor, output, TensorRole.Activation);
        if (GraphLowering.IsLinear(node))
        {
            Linear(node, output);
        }
        else if (node is AddNode or SubNode)
        {
            Sum(node, tensor);
        }
        else
        {
            string[] inputs = [.. node.Inputs.Select(input => Codes(input, node))];
            _layers.Add(Layer(node, inputs, output));
        }

        return output;
    }

    private LoweredLayer Layer(FloatNode node, string[] inputs, string output)
    {
        if (node is UnaryNode or PReluNode or TableNode or MulNode && inputs.FirstOrDefault(input => _grids[input].Bits > 8) is { } wide)
        {
            throw Refuse(node, $"reads '{wide}', which has {_grids[wide].Bits} bits", "Functions and products take 8 bits.");
        }

        return node switch
        {
            MulNode => new LoweredMul(node.Name, inputs[0], inputs[1], output),
            ConcatNode => new LoweredConcat(node.Name, inputs, output),
            GlobalAveragePoolNode => new LoweredGlobalAveragePool(node.Name, inputs[0], output),
            AveragePoolNode pool => new LoweredAveragePool(node.Name, inputs[0], output, pool),
            UnaryNode unary => new LoweredLookup(node.Name, inputs[0], output, [unary.Function.Evaluate]),
            TableNode table => new LoweredLookup(
                node.Name, inputs[0], output, [.. table.Tables.Select(entries => (Func<double, double>)(x => TableNode.Evaluate(entries, x, table.Scale, table.Zero)))]),
            PReluNode prelu => new LoweredLookup(node.Name, inputs[0], output, [.. prelu.Slopes.Select(slope => (Func<double, double>)(x => x >= 0 ? x : slope * x))]),
            _ => throw Refuse(node, "has no integer form", "Remove it from the model, or replace it by supported operators."),
        };
    }

    private void Linear(FloatNode node, string output)
    {
        string input = node.Inputs[0];
        Tensor from = _grids[Codes(input, node)];
        if (from.Bits > 8)
        {
            throw Refuse(node, $"reads '{from.Name}', which has {from.Bits} bits", "Layers with weights take 8 bits or fewer.");
        }

        Shape to = _graph.Shapes[node.Output];
        LinearGeometry? geometry = null;
        if (node is ConvTransposeNode transposed)
        {
            (SpreadNode? spread, geometry) = TransposedGeometry.Of(transposed, from.Shape, to);
            from = spread is null ? from : _grids[Move(spread, from.Name, spread.Output, geometry.Input)];
        }

        (LoweredLinear layer, QuantizedLinear codes) = ImportedWeights.Of(node, from, output, geometry, to, out int clamped);
        _layers.Add(layer);
        _weights.Add(layer.Name, codes);
        if (clamped > 0)
        {
            _notes.Add($"{node.Name}: {clamped} of {codes.Codes.Length} weights have the code -128, which is -127 here (symmetric range).");
        }
    }

    /// <summary>An output of the network: codes, or the accumulators of a last layer that the model leaves in float.</summary>
    private string Output(string value)
    {
        if (_codes.TryGetValue(value, out string? codes))
        {
            return codes;
        }

        Waiting waiting = Take(value, null);
        if (ImportedWeights.Steps(waiting.Node) is not { } steps)
        {
            throw Refuse(waiting.Node, $"leaves the output '{value}' in float", "End the model with QuantizeLinear and DequantizeLinear, or with a Conv or Gemm.");
        }

        float scale = _grids[Codes(waiting.Node.Inputs[0], waiting.Node)].Scale * steps.Min();
        _notes.Add($"{waiting.Node.Name}: its result has no grid in the model; here it has 32 bits, at the finest step of the accumulators.");
        return Write(waiting, Wide(value, scale), value);
    }

    private string Codes(string value, FloatNode reader)
    {
        if (_codes.TryGetValue(value, out string? codes))
        {
            return codes;
        }

        if (_waiting.TryGetValue(value, out Waiting? waiting) && waiting.Step != 0)
        {
            return _codes[value] = Write(Take(value, reader), Wide(value, waiting.Step), value);
        }

        throw value == _graph.Input
            ? Refuse(reader, "reads the network's input in float", "Quantize the input once, before everything else.")
            : Refuse(reader, $"reads '{value}' in float", "Put QuantizeLinear and DequantizeLinear between the two, or let the model stay float and quantize it with hawq.");
    }

    /// <summary>A grid of 32 bits, for what the model rounds without a clamp.</summary>
    private Tensor Wide(string value, float step)
    {
        const int Limit = 1 << 30;
        return new Tensor(value, _graph.Shapes[value], 32, -Limit, Limit, 0, step);
    }

    private Waiting Take(string value, FloatNode? reader)
    {
        if (!_waiting.Remove(value, out Waiting? waiting))
        {
            throw new HawqException(
                HawqIds.OnnxUnsupported, $"The value '{value}'{(reader is null ? "" : $", which '{reader.Name}' reads,")} has two grids or none. Quantize it once.");
        }

        return waiting;
    }

    private static bool IsMove(FloatNode node) => GraphLowering.IsMove(node) || node is SpreadNode;

    private void Declare(Tensor tensor, string value, TensorRole role)
    {
        _grids.Add(tensor.Name, tensor);
        _tensors.Add(tensor.Name, new LoweredTensor(tensor.Name, value, tensor.Shape, role, tensor.Bits, float.NegativeInfinity, float.PositiveInfinity, null));
    }

    private Tensor Grid(QuantizeNode node)
    {
        int bits = (node.Hi - node.Lo) switch { <= 3 => 2, <= 15 => 4, <= 255 => 8, _ => 16 };
        return new Tensor(node.Output, _graph.Shapes[node.Output], bits, node.Lo, node.Hi, node.ZeroPoint, node.Scale);
    }

    private static Tensor Clamped(Tensor grid, float lo, float hi) => grid with
    {
        Lo = float.IsInfinity(lo) ? grid.Lo : Code(grid, lo),
        Hi = float.IsInfinity(hi) ? grid.Hi : Code(grid, hi),
    };

    private static int Code(Tensor grid, float real) =>
        (int)Math.Clamp(Math.Floor((real / (double)grid.Scale) + .5) + grid.ZeroPoint, grid.Lo, grid.Hi);

    private static string Op(FloatNode node) => node.GetType().Name is { } name && name.EndsWith("Node", StringComparison.Ordinal) ? name[..^"Node".Length] : node.GetType().Name;
}
