using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Concat of channels (or features); of constants, when shapes are computed.</summary>
internal sealed class ConcatOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Concat"];

    public void Import(NodeContext node)
    {
        long given = node.Int("axis", 1);
        if (node.InputCount == 0)
        {
            throw node.Invalid("it has no input");
        }

        if (node.IsConstant)
        {
            Constant[] constants = [.. Enumerable.Range(0, node.InputCount).Select(i => (Constant)node.Input(i))];
            node.Bind(0, ConstantMath.Concat(node, constants, node.Axis(given, constants[0].Dims.Length)));
            return;
        }

        ImageView[] views = [.. Enumerable.Range(0, node.InputCount).Select(node.ImageView)];
        int axis = node.Axis(given, views[0].Axes.Count);
        Shape first = views[0].Image.Shape;
        if (views.Any(view => !view.Axes.SequenceEqual(views[0].Axes)))
        {
            throw node.Unsupported("its inputs are in different layouts", "Inputs of one layout are supported.");
        }

        if (views[0].Axes[axis] != 1)
        {
            throw node.Unsupported($"it joins along axis {given}, which is not the channels", "Joining channels is supported.");
        }

        if (views.Any(view => view.Image.Shape.Height != first.Height || view.Image.Shape.Width != first.Width))
        {
            throw node.Invalid($"its inputs differ in height or width ({string.Join(", ", views.Select(view => view.Image.Shape))})");
        }

        if (views.Length == 1)
        {
            node.Bind(0, node.Input(0));
            return;
        }

        int channels = checked(views.Sum(view => view.Image.Shape.Channels));
        node.Emit(
            new ConcatNode(node.Name, [.. views.Select(view => view.Image.Name)], node.Output),
            views[0].Restore(Activation.Image(node.Output, first with { Channels = channels })));
    }
}
