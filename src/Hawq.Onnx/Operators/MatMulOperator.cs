using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>MatMul of one row of features by constant weights.</summary>
internal sealed class MatMulOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["MatMul"];

    public void Import(NodeContext node)
    {
        if (node.Input(0) is Constant)
        {
            throw node.Unsupported("its left operand is a constant", "The network's data times constant weights is supported: transpose the product.");
        }

        Activation input = node.Activation(0);
        Constant weights = node.Constant(1, "weights");
        node.Floats(1, "weights");
        if (weights.Dims is not [int inputs, int outputs] || outputs == 0)
        {
            throw node.Unsupported($"its weights are [{string.Join(", ", weights.Dims)}]", "Weights of two dimensions are supported.");
        }

        if (input.Rank < 1 || input.Dims[^1] != inputs)
        {
            throw node.Invalid($"its weights take {inputs} features; its input is [{string.Join(", ", input.Dims)}]");
        }

        if (input.Shape.Length != inputs)
        {
            throw node.Unsupported(
                $"its input [{string.Join(", ", input.Dims)}] has several rows", "One row of features ([batch, features]) is supported; use a 1x1 Conv for more.");
        }

        int[] dims = [.. input.Dims[..^1], outputs];
        FullyConnected.Emit(
            node, input, outputs, weights, (output, feature) => (feature * outputs) + output, 1, new float[outputs],
            Activation.Features(node.Output, outputs).Reshaped(dims)!);
    }
}
