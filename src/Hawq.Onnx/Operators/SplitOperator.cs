using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Split along channels, rows or columns: a slice per output that is used.</summary>
internal sealed class SplitOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Split"];

    public void Import(NodeContext node)
    {
        ImageView view = node.ImageView(0);
        int axis = node.Axis(node.Int("axis", 0), view.Axes.Count);
        int length = node.Activation(0).Dims[axis];
        long[] sizes = Sizes(node, length);
        if (sizes.Length != node.OutputCount || sizes.Any(size => size < 1) || sizes.Sum() != length)
        {
            throw node.Invalid($"sizes [{string.Join(", ", sizes)}] do not split {length} into {node.OutputCount} outputs");
        }

        int start = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (node.Graph.Uses(node.OutputNameOrEmpty(i)) > 0)
            {
                EmitPart(node, view, view.Axes[axis], i, start, (int)sizes[i]);
            }

            start += (int)sizes[i];
        }
    }

    private static long[] Sizes(NodeContext node, int length)
    {
        if ((node.Ints("split") ?? (node.HasInput(1) ? node.Integers(1, "sizes") : null)) is { } given)
        {
            node.Int("num_outputs", 0);
            return given;
        }

        // Equal parts, the last one smaller where it does not come out even (opset 18).
        long parts = node.Int("num_outputs", node.OutputCount);
        if (parts != node.OutputCount || parts < 1)
        {
            throw node.Invalid($"attribute num_outputs is {parts} for {node.OutputCount} outputs");
        }

        long size = (length + parts - 1) / parts;
        return [.. Enumerable.Range(0, node.OutputCount).Select(i => Math.Min(size, length - (i * size)))];
    }

    private static void EmitPart(NodeContext node, ImageView view, int axis, int index, int start, int size)
    {
        Shape shape = axis switch
        {
            1 => view.Image.Shape with { Channels = size },
            2 => view.Image.Shape with { Height = size },
            3 => view.Image.Shape with { Width = size },
            _ => throw node.Unsupported("it splits the batch", "Split channels, rows or columns."),
        };
        string output = node.OutputName(index);
        if (shape == view.Image.Shape)
        {
            node.Bind(index, node.Input(0));
            return;
        }

        Size2 from = new(axis == 2 ? start : 0, axis == 3 ? start : 0);
        node.Emit(
            new SliceNode(node.Graph.UniqueName($"{node.Name}.{index}"), view.Image.Name, output, from, new Size2(1, 1), axis == 1 ? start : 0),
            view.Restore(Activation.Image(output, shape)), index);
    }
}
