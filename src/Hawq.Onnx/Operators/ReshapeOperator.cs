using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Reshape to constant dimensions (0 copies, -1 infers): layout only.</summary>
internal sealed class ReshapeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Reshape"];

    public void Import(NodeContext node)
    {
        Value input = node.Input(0);
        int[] dims = Layout.DimsOf(input);
        long[] wanted = node.Integers(1, "shape");
        if (input is Activation && wanted is [var first, ..] && first == node.Graph.Batch)
        {
            // The model was exported with a fixed batch, and so was this shape.
            wanted = [1, .. wanted[1..]];
        }

        bool allowZero = node.Int("allowzero", 0) != 0;
        if (wanted.Length > ImportLimits.MaxRank)
        {
            throw node.Invalid($"its shape has {wanted.Length} dimensions; at most {ImportLimits.MaxRank} are possible");
        }

        int[] target = new int[wanted.Length];
        int inferred = -1;
        long known = 1;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == -1)
            {
                inferred = inferred < 0 ? i : throw node.Invalid("its shape has -1 twice");
                continue;
            }

            target[i] = wanted[i] == 0 && !allowZero
                ? i < dims.Length ? dims[i] : throw node.Invalid($"its shape copies dimension {i}, which the input does not have")
                : node.Size(wanted[i], "a dimension of its shape", 0, int.MaxValue);
            known = checked(known * target[i]);
        }

        int count = Layout.Product(dims);
        if (inferred >= 0)
        {
            target[inferred] = known > 0 && count % known == 0
                ? (int)(count / known)
                : throw node.Invalid($"its shape [{string.Join(", ", wanted)}] does not divide {count} elements");
        }

        Layout.Reshape(node, input, target);
    }
}
