using Hawq.Model;
using Hawq.Onnx.Operators;

namespace Hawq.Onnx.Passes;

/// <summary>
/// What <see cref="UnaryFusion"/> left: arithmetic on two values becomes an addition, subtraction or multiplication, or is refused;
/// y = a * x + b with constant a and b becomes a depthwise 1 x 1 convolution, for <see cref="AffineFolding"/>.
/// </summary>
internal static class ArithmeticLowering
{
    public static void Run(List<FloatNode> nodes, Dictionary<string, Shape> shapes)
    {
        // A factor that was repeated from 1 x 1 only to be multiplied with: Mul repeats by itself.
        Dictionary<string, string> repeated = nodes.OfType<ResizeNode>()
            .Where(resize => shapes[resize.Input] is { Height: 1, Width: 1 })
            .ToDictionary(resize => resize.Output, resize => resize.Input, StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is ArithmeticNode { Kind: Arithmetic.Add or Arithmetic.Sub } sum && Repeated(sum, shapes) is var (repeat, wide))
            {
                shapes.Add(repeat.Output, shapes[sum.Output]);
                nodes.Insert(i++, repeat);
                nodes[i] = wide;
            }

            nodes[i] = nodes[i] switch
            {
                ArithmeticNode { Kind: Arithmetic.Mul } mul when shapes[mul.A] == shapes[mul.Output] && repeated.TryGetValue(mul.B, out string? factor) =>
                    new MulNode(mul.Name, mul.A, factor, mul.Output),
                ArithmeticNode { Kind: Arithmetic.Mul } mul when shapes[mul.B] == shapes[mul.Output] && repeated.TryGetValue(mul.A, out string? factor) =>
                    new MulNode(mul.Name, mul.B, factor, mul.Output),
                ArithmeticNode arithmetic => Lower(arithmetic, shapes[arithmetic.A], shapes[arithmetic.B]),
                UnaryNode unary when Affine(unary.Function) is var (factor, offset) => Affine(unary, shapes[unary.Input].Channels, factor, offset),
                _ => nodes[i],
            };
        }
    }

    /// <summary>A sum of an image and one number per channel: the numbers repeated over rows and columns, and the sum of two images.</summary>
    private static (ResizeNode Repeat, ArithmeticNode Sum)? Repeated(ArithmeticNode sum, Dictionary<string, Shape> shapes)
    {
        Shape a = shapes[sum.A], b = shapes[sum.B];
        (string narrow, Shape wide) = a.Length < b.Length ? (sum.A, b) : (sum.B, a);
        if (a == b || shapes[narrow] != new Shape(1, 1, wide.Channels))
        {
            return null;
        }

        string output = $"{sum.Output}#repeated";
        ResizeNode repeat = new(output, narrow, output, new Size2(wide.Height, wide.Width));
        return (repeat, narrow == sum.A ? sum with { A = output } : sum with { B = output });
    }

    private static FloatNode Lower(ArithmeticNode node, Shape a, Shape b)
    {
        bool isSame = a == b;
        return node.Kind switch
        {
            Arithmetic.Add when isSame => new AddNode(node.Name, node.A, node.B, node.Output),
            Arithmetic.Sub when isSame => new SubNode(node.Name, node.A, node.B, node.Output),
            Arithmetic.Mul when isSame || b == new Shape(1, 1, a.Channels) => new MulNode(node.Name, node.A, node.B, node.Output),
            Arithmetic.Mul when a == new Shape(1, 1, b.Channels) => new MulNode(node.Name, node.B, node.A, node.Output),
            _ => throw new HawqException(
                HawqIds.OnnxUnsupported,
                $"{node.Kind} node '{node.Name}': {node.Kind} of a {a} and a {b} tensor that both depend on the input is not supported. " +
                "Add, Sub and Mul of two tensors of one shape, or of an image and one number per channel (1x1xC), are."),
        };
    }

    private static ConvNode Affine(UnaryNode node, int channels, double factor, double offset) =>
        ChannelAffine.Node(
            node.Name, node.Input, node.Output, [.. Enumerable.Repeat((float)factor, channels)], [.. Enumerable.Repeat((float)offset, channels)]);

    /// <summary>Factor and offset of a function that is affine by construction, else null.</summary>
    private static (double Factor, double Offset)? Affine(UnaryExpression function) => function switch
    {
        ArgumentExpression => (1, 0),
        ConstantExpression constant => (0, constant.Value),
        FunctionExpression { Kind: UnaryFunction.Neg } negation when Affine(negation.Inner) is var (factor, offset) => (-factor, -offset),
        ArithmeticExpression arithmetic when Affine(arithmetic.Left) is { } left && Affine(arithmetic.Right) is { } right =>
            Affine(arithmetic.Kind, left, right),
        _ => null,
    };

    private static (double Factor, double Offset)? Affine(Arithmetic kind, (double Factor, double Offset) left, (double Factor, double Offset) right) =>
        kind switch
        {
            Arithmetic.Add => (left.Factor + right.Factor, left.Offset + right.Offset),
            Arithmetic.Sub => (left.Factor - right.Factor, left.Offset - right.Offset),
            Arithmetic.Mul when right.Factor == 0 => (left.Factor * right.Offset, left.Offset * right.Offset),
            Arithmetic.Mul when left.Factor == 0 => (right.Factor * left.Offset, right.Offset * left.Offset),
            Arithmetic.Div when right.Factor == 0 && right.Offset != 0 => (left.Factor / right.Offset, left.Offset / right.Offset),
            _ => null,
        };
}
