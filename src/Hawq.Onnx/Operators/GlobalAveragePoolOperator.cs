using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>GlobalAveragePool.</summary>
internal sealed class GlobalAveragePoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["GlobalAveragePool"];

    public void Import(NodeContext node) => Emit(node, node.Image(0));

    public static void Emit(NodeContext node, Activation input) =>
        node.Emit(
            new GlobalAveragePoolNode(node.Name, input.Name, node.Output), Activation.Image(node.Output, new Shape(1, 1, input.Shape.Channels)));
}
