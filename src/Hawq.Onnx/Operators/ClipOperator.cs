using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Clip (ReLU6 among others): bounds as attributes (opset 6 to 10) or as constant inputs.</summary>
internal sealed class ClipOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Clip"];

    public void Import(NodeContext node)
    {
        if (node.RealOrCodes(0) is { Codes: { } codes } quantized)
        {
            Narrow(node, quantized, codes);
            return;
        }

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

    /// <summary>Clip between QuantizeLinear and DequantizeLinear: a grid with fewer codes than its element type has.</summary>
    private static void Narrow(NodeContext node, Activation input, CodeGrid codes)
    {
        if (node.Graph.Nodes.LastOrDefault(other => other.Output == input.Name) is not QuantizeNode quantize)
        {
            throw node.Unsupported("it clips codes that do not come straight from QuantizeLinear", "Clip before QuantizeLinear.");
        }

        int lo = Math.Max(CodeBound(node, 1, codes.Lo), codes.Lo);
        int hi = Math.Min(CodeBound(node, 2, codes.Hi), codes.Hi);
        if (lo > codes.ZeroPoint || hi < codes.ZeroPoint)
        {
            throw node.Unsupported($"its bounds {lo} and {hi} exclude the zero point {codes.ZeroPoint}", "Zero must have a code.");
        }

        node.Emit(
            quantize with { Name = node.Name, Output = node.Output, Lo = lo, Hi = hi }, input.Renamed(node.Output).As(codes with { Lo = lo, Hi = hi }));
    }

    private static int CodeBound(NodeContext node, int index, int otherwise) =>
        !node.HasInput(index)
            ? otherwise
            : node.Integers(index, "bound") is [var bound] ? (int)Math.Clamp(bound, int.MinValue, int.MaxValue) : throw node.Invalid("a bound is not one number");

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
