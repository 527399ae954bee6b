using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Unsqueeze: layout only.</summary>
internal sealed class UnsqueezeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Unsqueeze"];

    public void Import(NodeContext node)
    {
        Value input = node.Input(0);
        int[] dims = Layout.DimsOf(input);
        long[] given = (node.Opset < 13 ? node.Ints("axes") : node.Integers(1, "axes")) ?? throw node.Invalid("attribute axes is missing");
        int rank = dims.Length + given.Length;
        if (rank > ImportLimits.MaxRank)
        {
            throw node.Invalid($"its output would have {rank} dimensions; at most {ImportLimits.MaxRank} are possible");
        }

        HashSet<int> axes = [.. given.Select(axis => node.Axis(axis, rank))];
        if (axes.Count != given.Length)
        {
            throw node.Invalid("axes holds one axis twice");
        }

        Queue<int> rest = new(dims);
        Layout.Reshape(node, input, [.. Enumerable.Range(0, rank).Select(axis => axes.Contains(axis) ? 1 : rest.Dequeue())]);
    }
}
