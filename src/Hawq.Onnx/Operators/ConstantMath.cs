using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Constant folding: the arithmetic that exporters write to compute shapes and to prepare weights.</summary>
internal static class ConstantMath
{
    public static Constant Arithmetic(NodeContext node, Arithmetic kind, Constant left, Constant right)
    {
        int[] dims = Broadcast(node, left.Dims, right.Dims);
        int[] a = Positions(node, left.Dims, dims);
        int[] b = Positions(node, right.Dims, dims);
        if (left.Floats is { } x && right.Floats is { } y)
        {
            return Constant.OfFloats(dims, [.. a.Zip(b, (i, j) => (float)Apply(kind, x[i], y[j]))]);
        }

        if (left.Integers is { } m && right.Integers is { } n)
        {
            return Constant.OfIntegers(dims, [.. a.Zip(b, (i, j) => Apply(node, kind, m[i], n[j]))]);
        }

        throw node.Invalid("it combines a float constant with an integer constant");
    }

    public static Constant Concat(NodeContext node, Constant[] parts, int axis)
    {
        Constant first = parts[0];
        if (parts.Any(part => part.Dims.Length != first.Dims.Length || (part.Floats is null) != (first.Floats is null) ||
            part.Dims.Where((dim, i) => i != axis && dim != first.Dims[i]).Any()))
        {
            throw node.Invalid("its constant inputs do not fit together");
        }

        int[] dims = [.. first.Dims];
        dims[axis] = checked(parts.Sum(part => part.Dims[axis]));
        CheckCount(node, dims);
        int outer = Layout.Product(dims.AsSpan(0, axis));
        int inner = Layout.Product(dims.AsSpan(axis + 1));
        int[] blocks = [.. parts.Select(part => part.Dims[axis] * inner)];
        return first.Floats is null
            ? Constant.OfIntegers(dims, Interleave([.. parts.Select(part => part.Integers!)], blocks, outer))
            : Constant.OfFloats(dims, Interleave([.. parts.Select(part => part.Floats!)], blocks, outer));
    }

    public static Constant Transpose(Constant constant, int[] permutation)
    {
        int[] strides = Strides(constant.Dims);
        return constant.Pick([.. permutation.Select(axis => constant.Dims[axis])], Walk([.. permutation.Select(axis => constant.Dims[axis])], [.. permutation.Select(axis => strides[axis])]));
    }

    /// <summary>Row-major strides.</summary>
    public static int[] Strides(int[] dims)
    {
        var strides = new int[dims.Length];
        int stride = 1;
        for (int i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride = checked(stride * dims[i]);
        }

        return strides;
    }

    /// <summary>Positions of all elements of a strided view, in its order.</summary>
    public static int[] Walk(int[] dims, int[] strides, int start = 0)
    {
        int[] positions = [start];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            var next = new int[checked(positions.Length * dims[axis])];
            for (int i = 0; i < next.Length; i++)
            {
                next[i] = positions[i / dims[axis]] + (i % dims[axis] * strides[axis]);
            }

            positions = next;
        }

        return positions;
    }

    /// <summary>For every element of the broadcast dimensions, the position in a tensor of dimensions <paramref name="from"/>.</summary>
    public static int[] Positions(NodeContext node, int[] from, int[] to)
    {
        CheckCount(node, to);
        int lead = to.Length - from.Length;
        int[] own = Strides(from);
        return Walk(to, [.. Enumerable.Range(0, to.Length).Select(i => i < lead || from[i - lead] == 1 ? 0 : own[i - lead])]);
    }

    /// <summary>Refuses a computed constant that is too large by itself or together with those before it.</summary>
    public static void CheckCount(NodeContext node, int[] dims)
    {
        long count = 1;
        foreach (int dim in dims)
        {
            count = Math.Min(count * dim, ImportLimits.MaxFoldedElements + 1);
        }

        node.Graph.FoldedElements += count;
        if (node.Graph.FoldedElements > ImportLimits.MaxFoldedElements)
        {
            throw node.Invalid(
                $"with its result [{string.Join(", ", dims)}] the computed constants have more than {ImportLimits.MaxFoldedElements} elements; fold them before the export (for example with onnxsim)");
        }
    }

    /// <summary>Dimensions after multidirectional broadcasting.</summary>
    public static int[] Broadcast(NodeContext node, int[] left, int[] right)
    {
        int rank = Math.Max(left.Length, right.Length);
        var dims = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            int a = i < rank - left.Length ? 1 : left[i - (rank - left.Length)];
            int b = i < rank - right.Length ? 1 : right[i - (rank - right.Length)];
            dims[i] = a == b || b == 1 ? a : a == 1 ? b : throw node.Invalid($"[{string.Join(", ", left)}] and [{string.Join(", ", right)}] do not broadcast");
        }

        return dims;
    }

    private static double Apply(Arithmetic kind, double x, double y) =>
        new ArithmeticExpression(kind, new ConstantExpression((float)x), new ConstantExpression((float)y)).Evaluate(0);

    private static long Apply(NodeContext node, Arithmetic kind, long x, long y) => kind switch
    {
        Onnx.Arithmetic.Add => checked(x + y),
        Onnx.Arithmetic.Sub => checked(x - y),
        Onnx.Arithmetic.Mul => checked(x * y),
        Onnx.Arithmetic.Div when y is not 0 and not -1 => x / y,
        Onnx.Arithmetic.Max => Math.Max(x, y),
        Onnx.Arithmetic.Min => Math.Min(x, y),
        _ => throw node.Unsupported($"it computes {kind} of the integers {x} and {y}", "Fold constants before the export (for example with onnxsim)."),
    };

    private static T[] Interleave<T>(T[][] parts, int[] blocks, int outer)
    {
        List<T> result = [];
        for (int i = 0; i < outer; i++)
        {
            for (int k = 0; k < parts.Length; k++)
            {
                result.AddRange(parts[k].AsSpan(i * blocks[k], blocks[k]));
            }
        }

        return [.. result];
    }
}
