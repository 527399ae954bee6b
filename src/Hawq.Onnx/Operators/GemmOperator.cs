using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Gemm with constant weights: y = alpha * A * B + beta * C over one row of features.</summary>
internal sealed class GemmOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Gemm"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        bool isTransposedA = node.Int("transA", 0) != 0;
        bool isTransposedB = node.Int("transB", 0) != 0;
        node.Ignore("broadcast"); // Before opset 7: the bias is one row in any case.
        float alpha = node.Float("alpha", 1);
        float beta = node.Float("beta", 1);
        if (input.Rank != 2 || input.Dims[isTransposedA ? 1 : 0] != 1)
        {
            throw node.Unsupported($"its input is [{string.Join(", ", input.Dims)}]", "One row of features ([batch, features]) is supported.");
        }

        Constant weights = node.Constant(1, "weights");
        node.Floats(1, "weights");
        if (weights.Dims is not [int rows, int columns])
        {
            throw node.Invalid($"its weights have {weights.Dims.Length} dimensions, not 2");
        }

        (int outputs, int inputs) = isTransposedB ? (rows, columns) : (columns, rows);
        if (outputs == 0 || inputs != input.Shape.Length)
        {
            throw node.Invalid($"its weights take {inputs} features; its input has {input.Shape.Length}");
        }

        FullyConnected.Emit(
            node, input, outputs, weights, (output, feature) => isTransposedB ? (output * inputs) + feature : (feature * outputs) + output, alpha,
            Bias(node, outputs, beta), Activation.Features(node.Output, outputs));
    }

    private static float[] Bias(NodeContext node, int outputs, float beta)
    {
        if (!node.HasInput(2))
        {
            return new float[outputs];
        }

        float[] values = node.Floats(2, "bias");
        return values.Length == outputs || values.Length == 1
            ? [.. Enumerable.Range(0, outputs).Select(i => beta * values[values.Length == 1 ? 0 : i])]
            : throw node.Invalid($"its bias has {values.Length} values for {outputs} outputs");
    }
}
