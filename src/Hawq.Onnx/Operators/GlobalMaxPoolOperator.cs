using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>GlobalMaxPool: a maximum over a window as large as the input.</summary>
internal sealed class GlobalMaxPoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["GlobalMaxPool"];

    public void Import(NodeContext node)
    {
        ImageView view = node.Spatial(0);
        Emit(node, view.Image, view.Restore(Activation.Image(node.Output, new Shape(1, 1, view.Image.Shape.Channels))));
    }

    public static void Emit(NodeContext node, Activation input, Activation output)
    {
        Size2 one = new(1, 1);
        node.Emit(new MaxPoolNode(node.Name, input.Name, node.Output, new Size2(input.Shape.Height, input.Shape.Width), one, default, one), output);
    }
}
