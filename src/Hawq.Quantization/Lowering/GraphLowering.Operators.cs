using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Lowering;

/// <content>
/// Operators without weights. Pools over a maximum, permutations and enlargements move codes and keep their input's grid; tables and products read 8 bits;
/// parts of a concatenation that nobody else reads are requantized straight to the joined grid.
/// </content>
public sealed partial class GraphLowering
{
    private void LowerAveragePool(AveragePoolNode pool)
    {
        (float Lo, float Hi) bounds = BoundsOf(pool.Input);
        DeclareByReaders(pool.Output, pool.CountIncludePad ? (Math.Min(bounds.Lo, 0), Math.Max(bounds.Hi, 0)) : bounds);
        _layers.Add(new LoweredAveragePool(pool.Name, Wide(pool.Input), pool.Output, pool));
    }

    private void LowerConcat(ConcatNode concat)
    {
        (float Lo, float Hi)[] bounds = [.. concat.Parts.Select(BoundsOf)];
        DeclareByReaders(concat.Output, (bounds.Min(b => b.Lo), bounds.Max(b => b.Hi)));
        _tensors[concat.Output] = _tensors[concat.Output] with { Joined = true };
        _layers.Add(new LoweredConcat(concat.Name, [.. concat.Parts.Select(Wide)], concat.Output));
    }

    private void LowerLookup(FloatNode node, IReadOnlyList<Func<double, double>> functions)
    {
        string input = LowBit(node.Inputs[0], TableBits);
        DeclareByReaders(node.Output, Bounds(functions, BoundsOf(node.Inputs[0])));
        _layers.Add(new LoweredLookup(node.Name, input, node.Output, functions));
    }

    private void LowerMul(MulNode mul)
    {
        string a = LowBit(mul.A, TableBits), b = LowBit(mul.B, TableBits);
        bool positive = BoundsOf(mul.A).Lo >= 0 && BoundsOf(mul.B).Lo >= 0;
        DeclareByReaders(mul.Output, (positive ? 0 : float.NegativeInfinity, float.PositiveInfinity));
        _layers.Add(new LoweredMul(mul.Name, a, b, mul.Output));
    }

    private void LowerSub(SubNode sub)
    {
        (float Lo, float Hi) a = BoundsOf(sub.A), b = BoundsOf(sub.B);
        DeclareByReaders(sub.Output, (a.Lo - b.Hi, a.Hi - b.Lo));
        _layers.Add(new LoweredSub(sub.Name, Wide(sub.A), Wide(sub.B), sub.Output));
    }

    /// <summary>Zeros between the pixels, then a convolution of stride 1 with the kernel turned by 180 degrees.</summary>
    private void LowerConvTranspose(ConvTransposeNode node)
    {
        string value = Fuse(node.Output, (float.NegativeInfinity, float.PositiveInfinity));
        LayerBits bits = BitsOf(node);
        DeclareByReaders(value, _bounds[value], linear: true);
        string input = LowBit(node.Input, bits.Activations);
        (SpreadNode? spread, LinearGeometry geometry) = TransposedGeometry.Of(node, _graph.Shapes[node.Input], _graph.Shapes[node.Output]);
        if (spread is not null)
        {
            LoweredTensor source = _tensors[input];
            string name = spread.Output;
            _bounds[name] = (source.RealLo, source.RealHi);
            _tensors.Add(name, source with { Name = name, Value = name, Shape = geometry.Input, GridOf = source.GridOf ?? input });
            _layers.Add(new LoweredMove(name, input, name, spread));
            input = name;
        }

        float[] weights = WeightOrder.Turned(node, geometry.Input.Channels, geometry.Output.Channels);
        _layers.Add(new LoweredLinear(node.Name, input, value, true, geometry, weights, node.Bias, bits));
    }

    /// <summary>The concatenation that alone reads a value once, or null.</summary>
    private ConcatNode? OnlyJoin(string value) =>
        Readers(value) is [ConcatNode concat] && concat.Parts.Count(part => part == value) == 1 && !_graph.Outputs.Contains(value) ? concat : null;

    /// <summary>Bits that tables and products read.</summary>
    private const int TableBits = 8;

    internal static bool IsMove(FloatNode node) => node is SliceNode or PadNode or MaxPoolNode or ChannelPermutationNode or ResizeNode;

    private static bool IsTable(FloatNode node) => node is UnaryNode or PReluNode or MulNode;

    // Whether the values can be negative, by samples: a function that dips below zero between them loses less than a step of the grid.
    private static (float Lo, float Hi) Bounds(IReadOnlyList<Func<double, double>> functions, (float Lo, float Hi) input)
    {
        const double Reach = 64;
        const int Samples = 8192;
        double lo = Math.Max(input.Lo, -Reach), hi = Math.Min(input.Hi, Reach);
        bool positive = functions.All(f => Enumerable.Range(0, Samples + 1).All(i => !(f(lo + ((hi - lo) * i / Samples)) < 0)));
        return (positive ? 0 : float.NegativeInfinity, float.PositiveInfinity);
    }
}
