using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Transpose: layout only.</summary>
internal sealed class TransposeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Transpose"];

    public void Import(NodeContext node)
    {
        Value input = node.Input(0);
        int rank = Layout.DimsOf(input).Length;
        int[] permutation = node.Ints("perm") is { } given
            ? [.. given.Select(axis => node.Axis(axis, rank))]
            : [.. Enumerable.Range(0, rank).Reverse()];
        if (!permutation.Order().SequenceEqual(Enumerable.Range(0, rank)))
        {
            throw node.Invalid($"attribute perm [{string.Join(", ", permutation)}] is no permutation of {rank} dimensions");
        }

        node.Bind(0, input is Constant constant ? ConstantMath.Transpose(constant, permutation) : ((Activation)input).Transposed(permutation));
    }
}
