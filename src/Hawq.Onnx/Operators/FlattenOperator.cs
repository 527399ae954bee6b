using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Flatten: layout only.</summary>
internal sealed class FlattenOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Flatten"];

    public void Import(NodeContext node)
    {
        long axis = node.Int("axis", 1);
        Value input = node.Input(0);
        int[] dims = Layout.DimsOf(input);
        int at = axis == dims.Length ? dims.Length : node.Axis(axis, dims.Length);
        Layout.Reshape(node, input, [Layout.Product(dims[..at]), Layout.Product(dims[at..])]);
    }
}
