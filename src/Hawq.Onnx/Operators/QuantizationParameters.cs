using Hawq.Onnx.Import;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Operators;

/// <summary>Scale and zero point of QuantizeLinear and DequantizeLinear.</summary>
internal static class QuantizationParameters
{
    /// <summary>The per-tensor grid of an activation.</summary>
    public static CodeGrid Grid(NodeContext node)
    {
        float[] scales = node.Floats(1, "scale");
        Constant? zeroPoint = node.HasInput(2) ? node.Constant(2, "zero point") : null;
        DataType type = zeroPoint?.Type ?? DataType.Uint8;
        if (scales.Length != 1 || zeroPoint is { Count: not 1 })
        {
            throw node.Unsupported($"it has {scales.Length} scales for an activation", "One scale per tensor is supported; weights may have one per output channel.");
        }

        (int lo, int hi) = Range(node, type);
        long zero = zeroPoint is null ? 0 : zeroPoint.Integers?[0] ?? throw node.Unsupported($"its codes are {type}", "8- and 16-bit integer codes are supported.");
        return float.IsFinite(scales[0]) && scales[0] > 0 && zero >= lo && zero <= hi
            ? new CodeGrid(scales[0], (int)zero, lo, hi)
            : throw node.Invalid($"its scale {scales[0]} or zero point {zero} is not legal");
    }

    /// <summary>Range of the codes of an element type.</summary>
    public static (int Lo, int Hi) Range(NodeContext node, DataType type) => type switch
    {
        DataType.Uint8 => (0, 255),
        DataType.Int8 => (-128, 127),
        DataType.Uint16 => (0, 65535),
        DataType.Int16 => (-32768, 32767),
        DataType.Uint4 => (0, 15),
        DataType.Int4 => (-8, 7),
        _ => throw node.Unsupported($"its codes are {type}", "4-, 8- and 16-bit integer codes are supported."),
    };

    /// <summary>Scale and zero point of every element of a constant: one for all, or one per slice along the axis.</summary>
    public static (float[] Scales, long[] ZeroPoints) PerElement(NodeContext node, Constant constant)
    {
        float[] scales = node.Floats(1, "scale");
        long[] zeroPoints = node.HasInput(2) ? node.Integers(2, "zero point") : new long[scales.Length];
        long given = node.Int("axis", 1);
        if (scales.Any(scale => !float.IsFinite(scale) || scale <= 0))
        {
            throw node.Invalid("a scale is not positive and finite");
        }

        if (scales.Length == 1 && zeroPoints.Length == 1)
        {
            return ([.. Enumerable.Repeat(scales[0], constant.Count)], [.. Enumerable.Repeat(zeroPoints[0], constant.Count)]);
        }

        int axis = node.Axis(given, constant.Dims.Length);
        if (constant.Dims[axis] != scales.Length || zeroPoints.Length != scales.Length || node.Constant(1, "scale").Dims.Length != 1)
        {
            throw node.Unsupported(
                $"it has {scales.Length} scales along axis {axis} of [{string.Join(", ", constant.Dims)}]", "One scale per tensor or per slice of one axis is supported (no blocks).");
        }

        int inner = Layout.Product(constant.Dims.AsSpan(axis + 1));
        int[] slices = [.. Enumerable.Range(0, constant.Count).Select(i => i / inner % scales.Length)];
        return (Array.ConvertAll(slices, i => scales[i]), Array.ConvertAll(slices, i => zeroPoints[i]));
    }
}
