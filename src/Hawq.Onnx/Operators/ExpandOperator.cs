using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Expand of a constant, of one number per channel over rows and columns, or to the dimensions that a value has already.</summary>
internal sealed class ExpandOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Expand"];

    public void Import(NodeContext node)
    {
        Value input = node.Input(0);
        int[] from = Layout.DimsOf(input);
        long[] shape = node.Integers(1, "shape");
        if (shape.Length > ImportLimits.MaxRank)
        {
            throw node.Invalid($"its shape has {shape.Length} dimensions; at most {ImportLimits.MaxRank} are possible");
        }

        int[] dims = ConstantMath.Broadcast(node, from, [.. shape.Select(dim => node.Size(dim, "a dimension", 0, int.MaxValue))]);
        if (input is Constant constant)
        {
            node.Bind(0, constant.Pick(dims, ConstantMath.Positions(node, from, dims)));
            return;
        }

        if (from.SequenceEqual(dims))
        {
            node.Bind(0, input);
            return;
        }

        // One number per channel, repeated over rows and columns (squeeze-and-excite written with expand_as).
        if (dims is [1, int channels, int height, int width] && node.Activation(0) is { IsImage: true, Shape: { Height: 1, Width: 1 } } image &&
            image.Shape.Channels == channels)
        {
            node.Emit(
                new ResizeNode(node.Name, image.Name, node.Output, new Size2(height, width)), Activation.Image(node.Output, new Shape(height, width, channels)));
            return;
        }

        throw node.Unsupported(
            $"it repeats [{string.Join(", ", from)}] to [{string.Join(", ", dims)}]", "Mul broadcasts one number per channel without Expand; Resize repeats rows and columns.");
    }
}
