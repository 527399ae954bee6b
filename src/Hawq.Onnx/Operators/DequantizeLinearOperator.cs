using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>DequantizeLinear: of an activation the way back from QuantizeLinear, of a constant the weights that the codes stand for.</summary>
internal sealed class DequantizeLinearOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["DequantizeLinear"];

    public void Import(NodeContext node)
    {
        if (node.Int("block_size", 0) != 0)
        {
            throw node.Unsupported("attribute block_size is set", "One scale per tensor or per channel is supported.");
        }

        if (node.Input(0) is Constant constant)
        {
            long[] codes = constant.Integers ?? throw node.Unsupported($"its codes are {constant.Type}", "Integer codes are supported.");
            (float[] scales, long[] zeroPoints) = QuantizationParameters.PerElement(node, constant);
            node.Bind(0, new Constant(constant.Dims, [.. codes.Select((code, i) => (code - zeroPoints[i]) * scales[i])], null) { Steps = scales });
            return;
        }

        node.Int("axis", 1);
        Activation input = node.RealOrCodes(0);
        CodeGrid grid = QuantizationParameters.Grid(node);
        if (input.Codes is null)
        {
            throw node.Invalid($"its input '{node.InputName(0)}' is not quantized");
        }

        if (input.Codes == CodeGrid.Unknown)
        {
            CodeTable.Dequantize(node, input, grid);
            return;
        }

        if (input.Codes.Offsets is not null)
        {
            throw node.Unsupported("its input is a position in a table, not a code", "Gather from the table first.");
        }

        if (input.Codes.Scale != grid.Scale || input.Codes.ZeroPoint != grid.ZeroPoint)
        {
            throw node.Unsupported(
                $"its scale {grid.Scale} and zero point {grid.ZeroPoint} are not those of the QuantizeLinear before it ({input.Codes.Scale}, {input.Codes.ZeroPoint})",
                "Use the same scale and zero point for both.");
        }

        node.Bind(0, input.As(null));
    }
}
