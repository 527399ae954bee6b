using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>ReduceMean and ReduceMax over all rows and columns: global pooling.</summary>
internal sealed class ReduceOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["ReduceMean", "ReduceMax"];

    public void Import(NodeContext node)
    {
        ImageView view = node.ImageView(0);
        bool keepsDims = node.Int("keepdims", 1) != 0;
        bool doesNothing = node.Int("noop_with_empty_axes", 0) != 0;
        long[] given = node.Ints("axes") ?? (node.HasInput(1) ? node.Integers(1, "axes") : []);
        if (given.Length == 0 && doesNothing)
        {
            node.Bind(0, node.Input(0));
            return;
        }

        int rank = view.Axes.Count;
        int[] axes = [.. given.Select(axis => node.Axis(axis, rank)).Distinct()];
        Shape shape = view.Image.Shape;
        bool isOverSpace = axes.Length == 0
            ? shape.Channels == 1
            : axes.Select(axis => view.Axes[axis]).Order().SequenceEqual(view.Axes.Where(axis => axis >= 2).Order());
        if (!isOverSpace)
        {
            throw node.Unsupported(
                $"it reduces the axes [{string.Join(", ", given)}] of [{string.Join(", ", node.Activation(0).Dims)}]",
                "The mean or maximum over all rows and columns is supported.");
        }

        Shape reduced = new(1, 1, shape.Channels);
        Activation image = Activation.Image(node.Output, reduced);
        Activation output = keepsDims ? view.Restore(image) : axes.Length == 0 ? image.Reshaped([])! : image.Reshaped([1, shape.Channels])!;
        if (node.Op == "ReduceMax")
        {
            GlobalMaxPoolOperator.Emit(node, view.Image, output);
        }
        else
        {
            node.Emit(new GlobalAveragePoolNode(node.Name, view.Image.Name, node.Output), output);
        }
    }
}
