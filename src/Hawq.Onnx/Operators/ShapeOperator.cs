using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Shape: a constant, since only the batch may be symbolic, and that is 1.</summary>
internal sealed class ShapeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Shape"];

    public void Import(NodeContext node)
    {
        int[] dims = Layout.DimsOf(node.Input(0));
        int start = Position(node.Int("start", 0), dims.Length);
        int end = Position(node.Int("end", dims.Length), dims.Length);
        node.Bind(0, Constant.Vector([.. dims[start..Math.Max(start, end)].Select(dim => (long)dim)]));
    }

    private static int Position(long value, int rank) => (int)Math.Clamp(value < 0 ? value + rank : value, 0, rank);
}
