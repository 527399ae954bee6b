using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Gather from a constant: how exporters pick a dimension out of a shape.</summary>
internal sealed class GatherOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Gather"];

    public void Import(NodeContext node)
    {
        Constant data = node.Constant(0, "data");
        Constant indices = node.Constant(1, "indices");
        long[] values = node.Integers(1, "indices");
        int axis = node.Axis(node.Int("axis", 0), data.Dims.Length);
        int[] dims = [.. data.Dims[..axis], .. indices.Dims, .. data.Dims[(axis + 1)..]];
        ConstantMath.CheckCount(node, dims);

        int length = data.Dims[axis];
        int inner = Layout.Product(data.Dims.AsSpan(axis + 1));
        int outer = Layout.Product(data.Dims.AsSpan(0, axis));
        List<int> positions = [];
        for (int i = 0; i < outer; i++)
        {
            foreach (long index in values)
            {
                int at = node.Axis(index, length);
                positions.AddRange(Enumerable.Range(((i * length) + at) * inner, inner));
            }
        }

        node.Bind(0, data.Pick(dims, [.. positions]));
    }
}
