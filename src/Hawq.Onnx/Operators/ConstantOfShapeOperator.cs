using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>ConstantOfShape.</summary>
internal sealed class ConstantOfShapeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["ConstantOfShape"];

    public void Import(NodeContext node)
    {
        int[] dims = [.. node.Integers(0, "shape").Select(dim => node.Size(dim, "a dimension", 0, int.MaxValue))];
        ConstantMath.CheckCount(node, dims);
        Constant value = node.Tensor("value") is { } tensor
            ? TensorReader.Read(tensor, $"Attribute value of '{node.Output}'", node.Graph.Folder)
            : Constant.OfFloats([1], [0]);
        if (value.Count != 1 || dims.Length > ImportLimits.MaxRank)
        {
            throw node.Invalid("its value is not one number, or its shape has too many dimensions");
        }

        node.Bind(0, value.Pick(dims, new int[Layout.Product(dims)]));
    }
}
