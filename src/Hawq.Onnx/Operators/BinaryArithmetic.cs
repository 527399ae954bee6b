using Hawq.Onnx.Import;
using Hawq.Onnx.Passes;

namespace Hawq.Onnx.Operators;

/// <summary>What Add, Sub, Mul, Div, Max, Min and Pow share: constants fold, one number makes a function, one number per channel an affine layer.</summary>
internal static class BinaryArithmetic
{
    public static void Import(NodeContext node, Arithmetic kind)
    {
        if (node.InputCount != 2)
        {
            throw node.InputCount < 2 ? node.Invalid("it has fewer than two inputs") : node.Unsupported($"it has {node.InputCount} inputs", "Chain operators of two inputs.");
        }

        switch (node.Operand(0), Aligned(node, node.Operand(1)))
        {
            case (Constant left, Constant right):
                node.Bind(0, ConstantMath.Arithmetic(node, kind, left, right));
                break;
            case (Activation left, Activation right):
                TwoValues(node, kind, left, right);
                break;
            case (Activation left, Constant right):
                WithConstant(node, kind, left, right, isConstantFirst: false);
                break;
            case (Constant left, Activation right):
                WithConstant(node, kind, right, left, isConstantFirst: true);
                break;
        }
    }

    /// <summary>Before opset 7 an attribute said where the second operand's dimensions lie in the first one's.</summary>
    private static Value Aligned(NodeContext node, Value second)
    {
        if (node.Opset >= 7 || node.Int("broadcast", 0) == 0 || !node.HasAttribute("axis") || second is not Constant constant)
        {
            return second;
        }

        int rank = Layout.DimsOf(node.Input(0)).Length, axis = node.Axis(node.Int("axis", 0), rank);
        int[] dims = [.. constant.Dims, .. Enumerable.Repeat(1, Math.Max(0, rank - axis - constant.Dims.Length))];
        return constant.WithDims(dims);
    }

    private static void TwoValues(NodeContext node, Arithmetic kind, Activation left, Activation right)
    {
        if (left.SameView(right))
        {
            node.Emit(new ArithmeticNode(node.Name, kind, left.Name, right.Name, node.Output), left.Renamed(node.Output));
            return;
        }

        // Broadcasting aligns dimensions, so both must be seen in the same layout; the larger one gives the output's shape.
        ImageView a = node.ImageView(0);
        ImageView b = node.ImageView(1);
        if (!a.Axes.SequenceEqual(b.Axes))
        {
            throw node.Unsupported(
                $"[{string.Join(", ", left.Dims)}] and [{string.Join(", ", right.Dims)}] are in different layouts", "Two values of one layout are supported.");
        }

        ImageView larger = a.Image.Shape.Length >= b.Image.Shape.Length ? a : b;
        node.Emit(
            new ArithmeticNode(node.Name, kind, a.Image.Name, b.Image.Name, node.Output),
            larger.Restore(Activation.Image(node.Output, larger.Image.Shape)));
    }

    private static void WithConstant(NodeContext node, Arithmetic kind, Activation input, Constant constant, bool isConstantFirst)
    {
        float[] values = constant.Floats ?? throw node.Invalid("it combines a float tensor with an integer constant");
        if (values.Any(value => !float.IsFinite(value)) || (kind == Arithmetic.Div && !isConstantFirst && values.Contains(0)))
        {
            throw node.Invalid("its constant holds a number that is not finite, or divides by zero");
        }

        if (values.Length > 0 && values.All(value => value == values[0]) && constant.Dims.Length <= input.Rank)
        {
            WithNumber(node, kind, input, values[0], isConstantFirst);
            return;
        }

        bool isAffine = kind is Arithmetic.Add or Arithmetic.Sub or Arithmetic.Mul || (kind == Arithmetic.Div && !isConstantFirst);
        if (!isAffine || !IsPerChannel(input, constant))
        {
            throw node.Unsupported(
                $"its constant [{string.Join(", ", constant.Dims)}] meets a value [{string.Join(", ", input.Dims)}]",
                "One number is supported, and for Add, Sub, Mul and Div by a constant one number per channel.");
        }

        float sign = isConstantFirst && kind == Arithmetic.Sub ? -1 : 1;
        (float[] factors, float[] offsets) = kind switch
        {
            Arithmetic.Mul => (values, new float[values.Length]),
            Arithmetic.Div => (Array.ConvertAll(values, value => 1 / value), new float[values.Length]),
            Arithmetic.Add => (Array.ConvertAll(values, _ => 1f), values),
            _ => (Array.ConvertAll(values, _ => sign), Array.ConvertAll(values, value => -sign * value)),
        };
        ChannelAffine.Emit(node, input, factors, offsets);
    }

    private static void WithNumber(NodeContext node, Arithmetic kind, Activation input, float value, bool isConstantFirst)
    {
        Activation output = input.Renamed(node.Output);
        if (kind is Arithmetic.Max or Arithmetic.Min)
        {
            (float lo, float hi) = kind == Arithmetic.Max ? (value, float.PositiveInfinity) : (float.NegativeInfinity, value);
            node.Emit(new ClipNode(node.Name, input.Name, node.Output, lo, hi), output);
            return;
        }

        UnaryExpression number = new ConstantExpression(value);
        UnaryExpression function = isConstantFirst
            ? new ArithmeticExpression(kind, number, UnaryExpression.Argument)
            : new ArithmeticExpression(kind, UnaryExpression.Argument, number);
        node.Emit(new UnaryNode(node.Name, input.Name, node.Output, function), output);
    }

    /// <summary>Whether a constant, broadcast to the input's dimensions, has exactly one number per channel.</summary>
    private static bool IsPerChannel(Activation input, Constant constant)
    {
        int lead = input.Rank - constant.Dims.Length;
        int axis = input.ChannelAxis - lead;
        return lead >= 0 && axis >= 0 && constant.Count == input.Shape.Channels && constant.Dims[axis] == constant.Count;
    }
}
