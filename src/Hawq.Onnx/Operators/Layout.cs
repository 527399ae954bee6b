using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>What the layout-only operators share.</summary>
internal static class Layout
{
    public static int[] DimsOf(Value value) => value is Activation activation ? activation.Dims : ((Constant)value).Dims;

    public static int Product(ReadOnlySpan<int> dims)
    {
        int product = 1;
        foreach (int dim in dims)
        {
            product = checked(product * dim);
        }

        return product;
    }

    /// <summary>Binds the first output to the first input under other dimensions.</summary>
    public static void Reshape(NodeContext node, Value input, int[] dims)
    {
        int[] from = DimsOf(input);
        if (Product(from) != Product(dims))
        {
            throw node.Invalid($"[{string.Join(", ", from)}] cannot become [{string.Join(", ", dims)}]: the numbers of elements differ");
        }

        node.Bind(
            0,
            input is Constant constant
                ? constant.WithDims(dims)
                : ((Activation)input).Reshaped(dims)
                    ?? throw node.Unsupported(
                        $"[{string.Join(", ", from)}] (already rearranged) cannot become [{string.Join(", ", dims)}] without moving data",
                        "Flattening, splitting and joining of whole dimensions are supported."));
    }
}
