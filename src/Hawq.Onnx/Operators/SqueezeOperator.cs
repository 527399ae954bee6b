using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Squeeze: layout only.</summary>
internal sealed class SqueezeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Squeeze"];

    public void Import(NodeContext node)
    {
        Value input = node.Input(0);
        int[] dims = Layout.DimsOf(input);
        long[]? given = node.Opset < 13 ? node.Ints("axes") : node.HasInput(1) ? node.Integers(1, "axes") : null;

        // Without axes every dimension of 1 goes; the batch, which is 1 only here, must stay.
        HashSet<int> axes = given is null
            ? [.. Enumerable.Range(input is Activation ? 1 : 0, Math.Max(dims.Length - (input is Activation ? 1 : 0), 0)).Where(axis => dims[axis] == 1)]
            : [.. given.Select(axis => node.Axis(axis, dims.Length))];
        if (axes.FirstOrDefault(axis => dims[axis] != 1, -1) is >= 0 and int wrong)
        {
            throw node.Invalid($"dimension {wrong} is {dims[wrong]}, not 1");
        }

        Layout.Reshape(node, input, [.. dims.Where((_, axis) => !axes.Contains(axis))]);
    }
}
