using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
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
internal sealed class ImportedGraph
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
            Lower(node);
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
            case UnaryNode unary when RoundingStep(unary.Function) is { } step && _waiting.TryGetValue(unary.Input, out Waiting? waiting):
                _waiting[unary.Output] = waiting with { Step = step };
                break;
            case UnaryNode unary when RoundingStep(unary.Function) is { } step && _codes.TryGetValue(unary.Input, out string? codes):
                _onGrid[unary.Output] = (codes, step);
                break;
            case SliceNode or PadNode or MaxPoolNode or ChannelPermutationNode or ResizeNode when _codes.TryGetValue(node.Inputs[0], out string? codes):
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

    private string Move(FloatNode node, string codes, string output)
    {
        Declare(_grids[codes] with { Name = output, Shape = _graph.Shapes[node.Output] }, output, TensorRole.Activation);
        _layers.Add(new LoweredMove(node.Name, codes, output, node));
        return output;
    }

    /// <summary>The layer of a result and the grid behind it; returns the tensor that it writes.</summary>
    private string Write(Waiting result, Tensor grid, string output)
    {
        FloatNode node = result.Node;
        CheckStep(node, result.Step, grid.Scale);
        if (node is SliceNode or PadNode or MaxPoolNode or ChannelPermutationNode or ResizeNode)
        {
            // The grid and the clamp come before the move: both keep the order of values, so the result is the same.
            string source = node.Inputs[0];
            Waiting before = Take(source, node);
            before = before with { Lo = Math.Max(before.Lo, result.Lo), Hi = Math.Min(before.Hi, result.Hi) };
            return Move(node, _codes[source] = Write(before, grid with { Name = source, Shape = _graph.Shapes[source] }, source), output);
        }

        Tensor tensor = Clamped(grid, result.Lo, result.Hi);
        Declare(tensor, output, TensorRole.Activation);
        if (node is ConvNode or GemmNode or ConvTransposeNode)
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

    /// <summary>
    /// A sum or difference. Our layers round each operand to the result's grid, other tools round once: where there is room, the operands
    /// meet on a grid of 64 times as many steps, and only the result is rounded to the model's.
    /// </summary>
    private void Sum(FloatNode node, Tensor output)
    {
        const int Finer = 64;
        string at = output.Name;
        bool isRounded = node.Inputs.Any(input => _onGrid.ContainsKey(input) || (_waiting.TryGetValue(input, out Waiting? waiting) && waiting.Step != 0));
        if (output.Bits <= 8 && !isRounded)
        {
            at = $"{output.Name}.sum";
            Declare(new Tensor(at, output.Shape, 16, -short.MaxValue, short.MaxValue, 0, output.Scale / Finer), at, TensorRole.Residual);
        }

        string a = Operand(node, node.Inputs[0], at), b = Operand(node, node.Inputs[1], at);
        _layers.Add(node is AddNode ? new LoweredAdd(node.Name, a, b, at) : new LoweredSub(node.Name, a, b, at));
        if (at != output.Name)
        {
            _layers.Add(new LoweredRequantize($"{node.Name}.requantize", at, output.Name));
        }
    }

    private LoweredLayer Layer(FloatNode node, string[] inputs, string output)
    {
        if (node is UnaryNode or PReluNode or MulNode && inputs.FirstOrDefault(input => _grids[input].Bits > 8) is { } wide)
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

        (LoweredLinear layer, QuantizedLinear codes) = ImportedWeights.Of(node, from, output, _graph.Shapes[input], _graph.Shapes[node.Output], out int clamped);
        _layers.Add(layer);
        _weights.Add(layer.Name, codes);
        if (clamped > 0)
        {
            _notes.Add($"{node.Name}: {clamped} of {codes.Codes.Length} weights have the code -128, which is -127 here (symmetric range).");
        }
    }

    /// <summary>An operand of a sum: codes, or a layer with weights that is rounded to the sum's grid.</summary>
    private string Operand(FloatNode add, string value, string sum)
    {
        if (_onGrid.TryGetValue(value, out (string Codes, float Step) rounded))
        {
            CheckStep(add, rounded.Step, _grids[sum].Scale);
            return rounded.Codes;
        }

        if (_waiting.TryGetValue(value, out Waiting? waiting) && waiting.Node is ConvNode or GemmNode && _graph.Nodes.Count(node => node.Inputs.Contains(value)) == 1)
        {
            CheckStep(waiting!.Node, waiting.Step, _grids[sum].Scale);
            float lo = waiting.Lo >= 0 ? 0 : float.NegativeInfinity;
            _tensors.Add(value, new LoweredTensor(value, value, _graph.Shapes[value], TensorRole.Branch, 32, lo, waiting.Hi, sum));
            Linear(waiting.Node, value);
            return value;
        }

        return Codes(value, add);
    }

    /// <summary>An output of the network: codes, or the accumulators of a last layer that the model leaves in float.</summary>
    private string Output(string value)
    {
        if (_codes.TryGetValue(value, out string? codes))
        {
            return codes;
        }

        Waiting waiting = Take(value, null);
        if (waiting.Node is not (ConvNode { WeightSteps: not null } or GemmNode { WeightSteps: not null }))
        {
            throw Refuse(waiting.Node, $"leaves the output '{value}' in float", "End the model with QuantizeLinear and DequantizeLinear, or with a Conv or Gemm.");
        }

        float[] steps = waiting.Node is ConvNode conv ? conv.WeightSteps! : ((GemmNode)waiting.Node).WeightSteps!;
        float scale = _grids[Codes(waiting.Node.Inputs[0], waiting.Node)].Scale * steps.Min();
        const int Limit = 1 << 30;
        _notes.Add($"{waiting.Node.Name}: its result has no grid in the model; here it has 32 bits, at the finest step of the accumulators.");
        return Write(waiting, new Tensor(value, _graph.Shapes[value], 32, -Limit, Limit, 0, scale), value);
    }

    /// <summary>hawq export writes what is wider than 16 bits as round(x / step) * step, since ONNX has no such codes.</summary>
    private static float? RoundingStep(UnaryExpression function) => function is ArithmeticExpression
    {
        Kind: Arithmetic.Mul,
        Left: FunctionExpression { Kind: UnaryFunction.Round, Inner: ArithmeticExpression { Kind: Arithmetic.Div, Left: ArgumentExpression, Right: ConstantExpression divisor } },
        Right: ConstantExpression factor,
    } && divisor.Value == factor.Value ? factor.Value : null;

    private static void CheckStep(FloatNode node, float step, float scale)
    {
        if (step != 0 && step != scale)
        {
            throw Refuse(node, $"is rounded to steps of {step} and then to steps of {scale}", "Round once.");
        }
    }

    private string Codes(string value, FloatNode reader) => _codes.TryGetValue(value, out string? codes)
        ? codes
        : value == _graph.Input
            ? throw Refuse(reader, "reads the network's input in float", "Quantize the input once, before everything else.")
            : throw Refuse(reader, $"reads '{value}' in float", "Put QuantizeLinear and DequantizeLinear between the two, or let the model stay float and quantize it with hawq.");

    private Waiting Take(string value, FloatNode? reader)
    {
        if (!_waiting.Remove(value, out Waiting? waiting))
        {
            throw new HawqException(
                HawqIds.OnnxUnsupported, $"The value '{value}'{(reader is null ? "" : $", which '{reader.Name}' reads,")} has two grids or none. Quantize it once.");
        }

        return waiting;
    }

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
