using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Clip (ReLU6 among others): bounds as attributes (opset 6 to 10) or as constant inputs.</summary>
internal sealed class ClipOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Clip"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        float lo = node.Opset < 11 ? node.Float("min", float.NegativeInfinity) : Bound(node, 1, "lower bound", float.NegativeInfinity);
        float hi = node.Opset < 11 ? node.Float("max", float.PositiveInfinity) : Bound(node, 2, "upper bound", float.PositiveInfinity);
        if (float.IsNaN(lo) || float.IsNaN(hi))
        {
            throw node.Invalid("a bound is NaN");
        }

        // min above max is legal in ONNX and means max everywhere.
        node.Emit(new ClipNode(node.Name, input.Name, node.Output, Math.Min(lo, hi), hi), input.Renamed(node.Output));
    }

    private static float Bound(NodeContext node, int index, string role, float otherwise)
    {
        if (!node.HasInput(index))
        {
            return otherwise;
        }

        float[] values = node.Floats(index, role);
        return values.Length == 1 ? values[0] : throw node.Invalid($"its {role} has {values.Length} values");
    }
}
