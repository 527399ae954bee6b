using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Lowering;

/// <summary>Rewrites a <see cref="FloatGraph"/> as a <see cref="LoweredNetwork"/>.</summary>
/// <remarks>
/// The rules, from integer-semantics.md (HAWQ-V3): layers with weights read 8 bits or fewer; sums, and whatever is both added and convolved, live on the
/// residual grid; a convolution whose only reader is an addition is requantized straight to the sum's grid; a requantize stands between the residual grid and
/// the layers with weights, one for all readers of the same bits; a clamp is fused into the layer before it; slices and pads keep their input's grid.
/// </remarks>
public sealed partial class GraphLowering
{
    private readonly FloatGraph _graph;
    private readonly GridOptions _options;
    private readonly Dictionary<string, List<FloatNode>> _readers = [];
    private readonly Dictionary<string, string> _alias = []; // a value that a fused clamp replaces, by the value it becomes
    private readonly Dictionary<string, (float Lo, float Hi)> _bounds = [];
    private readonly Dictionary<string, LoweredTensor> _tensors = [];
    private readonly Dictionary<(string Value, int Bits), string> _requantized = [];
    private readonly List<LoweredLayer> _layers = [];

    private GraphLowering(FloatGraph graph, GridOptions options) => (_graph, _options) = (graph, options);

    /// <summary>Lowers a graph.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="options">Bit-widths and grids.</param>
    /// <param name="inputLo">Smallest real input that is possible: 0 makes the input codes unsigned.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: an operator or clamp that has no integer form here, or bit-widths for a layer
    /// that does not exist.</exception>
    public static LoweredNetwork Lower(FloatGraph graph, GridOptions options, float inputLo = float.NegativeInfinity) =>
        new GraphLowering(graph, options).Run(inputLo);

    private LoweredNetwork Run(float inputLo)
    {
        foreach (FloatNode node in _graph.Nodes)
        {
            foreach (string input in node.Inputs)
            {
                Readers(input).Add(node);
            }
        }

        string[] linears = [.. _graph.Nodes.Where(IsLinear).Select(n => n.Name)];
        foreach (string name in _options.Bits.Layers.Keys.Order(StringComparer.Ordinal))
        {
            if (!linears.Contains(name))
            {
                throw new HawqException(HawqIds.Calibration, $"Bit-widths are given for '{name}', but the network has no such layer with weights. It has: {string.Join(", ", linears)}.");
            }
        }

        int[] inputBits = [.. LowBits(_graph.Input).Order()];
        Declare(_graph.Input, TensorRole.Input, inputBits.Length == 0 ? 8 : inputBits[^1], (inputLo, float.PositiveInfinity));
        foreach (FloatNode node in _graph.Nodes)
        {
            Lower(node);
        }

        foreach (LoweredAdd add in _options.ResidualScale == ResidualScale.Stage ? _layers.OfType<LoweredAdd>() : [])
        {
            // A projection: one of its branches goes through memory, and in half of the bytes.
            if (_tensors[add.A].Role == TensorRole.Branch && _tensors[add.B].Role == TensorRole.Branch)
            {
                _tensors[add.A] = _tensors[add.A] with { Bits = 16 };
                _tensors[add.B] = _tensors[add.B] with { Bits = 16 };
            }
        }

        return new LoweredNetwork(_graph, _graph.Input, [.. _graph.Outputs.Select(Resolve)], _tensors, _layers);
    }

    private void Lower(FloatNode node)
    {
        switch (node)
        {
            case ConvNode conv:
                LowerConv(conv);
                break;
            case GemmNode gemm:
                LowerGemm(gemm);
                break;
            case AddNode add:
            {
                (float Lo, float Hi) a = BoundsOf(add.A), b = BoundsOf(add.B);
                string value = Fuse(add.Output, (a.Lo + b.Lo, a.Hi + b.Hi));
                Declare(value, IsOnlyOutput(value) ? TensorRole.Output : TensorRole.Residual, 0, _bounds[value]);
                _layers.Add(new LoweredAdd(add.Name, Wide(add.A), Wide(add.B), value));
                break;
            }

            case GlobalAveragePoolNode pool:
                DeclareByReaders(pool.Output, BoundsOf(pool.Input));
                _layers.Add(new LoweredGlobalAveragePool(pool.Name, Wide(pool.Input), pool.Output));
                break;
            case ClipNode clip when _alias.ContainsKey(clip.Input):
                break; // fused into the layer before it
            case ClipNode clip:
            {
                (float Lo, float Hi) bounds = BoundsOf(clip.Input);
                CheckClip(clip);
                DeclareByReaders(clip.Output, (Math.Max(bounds.Lo, clip.Lo), Math.Min(bounds.Hi, clip.Hi)));
                _layers.Add(new LoweredRequantize(clip.Name, Wide(clip.Input), clip.Output));
                break;
            }

            case AveragePoolNode pool:
                LowerAveragePool(pool);
                break;
            case ConcatNode concat:
                LowerConcat(concat);
                break;
            case UnaryNode unary:
                LowerLookup(unary, [unary.Function.Evaluate]);
                break;
            case PReluNode prelu:
                LowerLookup(prelu, [.. prelu.Slopes.Select(slope => (Func<double, double>)(x => x >= 0 ? x : slope * x))]);
                break;
            case MulNode mul:
                LowerMul(mul);
                break;
            case SubNode sub:
                LowerSub(sub);
                break;
            case ConvTransposeNode conv:
                LowerConvTranspose(conv);
                break;
            case { } move when IsMove(move):
                LowerMove(node);
                break;
            default:
                throw new HawqException(
                    HawqIds.Calibration, $"The quantizer has no integer form of {node.GetType().Name} (node '{node.Name}'). Remove it from the model, or replace it by supported operators.");
        }
    }

    private void LowerConv(ConvNode conv)
    {
        string value = Fuse(conv.Output, (float.NegativeInfinity, float.PositiveInfinity));
        LinearGeometry geometry = new(_graph.Shapes[conv.Input], _graph.Shapes[conv.Output], conv.Kernel, conv.Stride, conv.Padding, conv.Dilation, conv.Groups);
        LayerBits bits = BitsOf(conv);
        DeclareByReaders(value, _bounds[value], linear: true);
        float[] weights = WeightOrder.ChannelsLast(conv.Weights, geometry.Output.Channels, geometry.InputChannels, conv.Kernel.Height * conv.Kernel.Width);
        _layers.Add(new LoweredLinear(conv.Name, LowBit(conv.Input, bits.Activations), value, true, geometry, weights, conv.Bias, bits));
    }

    private void LowerGemm(GemmNode gemm)
    {
        string value = Fuse(gemm.Output, (float.NegativeInfinity, float.PositiveInfinity));
        Shape input = _graph.Shapes[gemm.Input];
        LayerBits bits = BitsOf(gemm);
        DeclareByReaders(value, _bounds[value], linear: true);
        float[] weights = WeightOrder.ChannelsLast(gemm.Weights, gemm.Bias.Length, input.Channels, input.Height * input.Width);
        _layers.Add(new LoweredLinear(
            gemm.Name, LowBit(gemm.Input, bits.Activations), value, false, LinearGeometry.FullyConnected(input.Length, gemm.Bias.Length), weights, gemm.Bias, bits));
    }

    private void LowerMove(FloatNode node)
    {
        string input = node.Inputs[0];
        HashSet<int> bits = LowBits(node.Output);
        string from = !IsWide(node.Output) && bits.Count == 1 ? LowBit(input, bits.Single()) : Wide(input);
        LoweredTensor source = _tensors[from];
        _bounds[node.Output] = node is PadNode ? (Math.Min(source.RealLo, 0), Math.Max(source.RealHi, 0)) : (source.RealLo, source.RealHi);
        _tensors[node.Output] = source with { Name = node.Output, Value = node.Output, Shape = _graph.Shapes[node.Output], GridOf = source.GridOf ?? from };
        _layers.Add(new LoweredMove(node.Name, from, node.Output, node));
    }

    /// <summary>If the only reader of a value is a clamp, the layer writes the clamp's output.</summary>
    private string Fuse(string value, (float Lo, float Hi) bounds)
    {
        if (Readers(value) is [ClipNode clip] && !_graph.Outputs.Contains(value))
        {
            CheckClip(clip);
            _alias[value] = clip.Output;
            _bounds[clip.Output] = (Math.Max(bounds.Lo, clip.Lo), Math.Min(bounds.Hi, clip.Hi));
            return clip.Output;
        }

        _bounds[value] = bounds;
        return value;
    }

    private static void CheckClip(ClipNode clip)
    {
        if (!(clip.Lo <= 0 && clip.Hi >= 0 && clip.Lo < clip.Hi))
        {
            throw new HawqException(HawqIds.Calibration, $"The clamp '{clip.Name}' to [{clip.Lo}, {clip.Hi}] leaves out 0, which zero padding and symmetric codes need.");
        }
    }

    private void DeclareByReaders(string value, (float Lo, float Hi) bounds, bool linear = false)
    {
        HashSet<int> bits = LowBits(value);
        if (IsOnlyOutput(value))
        {
            Declare(value, TensorRole.Output, 0, bounds);
        }
        else if (linear && Readers(value) is [AddNode add] && add.A != add.B && !_graph.Outputs.Contains(value))
        {
            string sum = Readers(add.Output) is [ClipNode clip] && !_graph.Outputs.Contains(add.Output) ? clip.Output : add.Output;
            Declare(value, TensorRole.Branch, 32, bounds, sum);
        }
        else if (linear && OnlyJoin(value) is { } join)
        {
            Declare(value, TensorRole.Activation, 8, bounds, join.Output);
        }
        else if (IsWide(value) || bits.Count > 1)
        {
            Declare(value, TensorRole.Residual, 0, bounds);
        }
        else
        {
            Declare(value, TensorRole.Activation, bits.Count == 1 ? bits.Single() : 8, bounds);
        }
    }

    private void Declare(string value, TensorRole role, int bits, (float Lo, float Hi) bounds, string? gridOf = null)
    {
        bits = role switch { TensorRole.Residual => _options.ResidualBits, TensorRole.Output => 16, _ => bits };
        _bounds[value] = bounds;
        _tensors.Add(value, new LoweredTensor(value, value, _graph.Shapes[value], role, bits, bounds.Lo, bounds.Hi, gridOf));
    }

    /// <summary>The tensor of a value for a reader that takes any width.</summary>
    private string Wide(string value) => Resolve(value);

    /// <summary>The tensor of a value for a layer with weights that reads <paramref name="bits"/> bits.</summary>
    private string LowBit(string value, int bits)
    {
        LoweredTensor tensor = _tensors[Resolve(value)];
        if (tensor.Role is TensorRole.Input or TensorRole.Activation && tensor.Bits == bits)
        {
            return tensor.Name;
        }

        if (!_requantized.TryGetValue((tensor.Name, bits), out string? name))
        {
            name = $"{tensor.Name}.q{bits}";
            _tensors.Add(name, tensor with { Name = name, Role = TensorRole.Activation, Bits = bits, GridOf = null });
            _layers.Add(new LoweredRequantize($"{tensor.Name}.requantize{bits}", tensor.Name, name));
            _requantized.Add((tensor.Name, bits), name);
        }

        return name;
    }

    private string Resolve(string value) => _alias.GetValueOrDefault(value, value);

    private (float Lo, float Hi) BoundsOf(string value) => _bounds[Resolve(value)];

    private List<FloatNode> Readers(string value) => _readers.TryGetValue(value, out List<FloatNode>? readers) ? readers : _readers[value] = [];

    private bool IsOnlyOutput(string value) => _graph.Outputs.Contains(value) && Readers(value).Count == 0;

    /// <summary>Whether something reads the value that wants more than 8 bits.</summary>
    private bool IsWide(string value) => _graph.Outputs.Contains(value)
        || Readers(value).Any(r => r is AddNode or SubNode or ClipNode || (IsMove(r) && (IsWide(r.Output) || LowBits(r.Output).Count > 1)));

    /// <summary>The bits that layers with weights want of the value.</summary>
    private HashSet<int> LowBits(string value)
    {
        HashSet<int> bits = [];
        foreach (FloatNode reader in Readers(value))
        {
            if (IsLinear(reader))
            {
                bits.Add(BitsOf(reader).Activations);
            }
            else if (IsTable(reader))
            {
                bits.Add(TableBits);
            }
            else if (IsMove(reader) && !IsWide(reader.Output))
            {
                bits.UnionWith(LowBits(reader.Output));
            }
        }

        return bits;
    }

    private LayerBits BitsOf(FloatNode node)
    {
        BitAssignment bits = _options.Bits;
        if (bits.Layers.TryGetValue(node.Name, out LayerBits named))
        {
            return named;
        }

        bool first = node.Inputs[0] == _graph.Input;
        bool last = _graph.Outputs.Contains(node.Output) || (Readers(node.Output) is [ClipNode clip] && _graph.Outputs.Contains(clip.Output));
        return (last ? bits.Last : null) ?? (first ? bits.First : null) ?? bits.Default;
    }

    internal static bool IsLinear(FloatNode node) => node is ConvNode or GemmNode or ConvTransposeNode;
}
