using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>GlobalAveragePool.</summary>
internal sealed class GlobalAveragePoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["GlobalAveragePool"];

    public void Import(NodeContext node) => Emit(node, node.Spatial(0));

    public static void Emit(NodeContext node, ImageView view) =>
        node.Emit(
            new GlobalAveragePoolNode(node.Name, view.Image.Name, node.Output),
            view.Restore(Activation.Image(node.Output, new Shape(1, 1, view.Image.Shape.Channels))));
}
