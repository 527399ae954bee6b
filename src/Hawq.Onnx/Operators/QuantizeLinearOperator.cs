using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>QuantizeLinear: of an activation the grid that the model gives to it, of a constant its codes.</summary>
internal sealed class QuantizeLinearOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["QuantizeLinear"];

    public void Import(NodeContext node)
    {
        node.Ignore("saturate"); // Only 8-bit floats depend on it.
        if (node.Int("block_size", 0) != 0)
        {
            throw node.Unsupported("attribute block_size is set", "One scale per tensor or per channel is supported.");
        }

        if (node.Input(0) is Constant { Floats: { } values } constant)
        {
            var type = node.HasInput(2) ? node.Constant(2, "zero point").Type : Schema.TensorProto.Types.DataType.Uint8;
            (int lo, int hi) = QuantizationParameters.Range(node, type);
            (float[] scales, long[] zeroPoints) = QuantizationParameters.PerElement(node, constant);
            long[] codes = [.. values.Select((x, i) => (long)Math.Clamp(Math.Round(x / scales[i], MidpointRounding.ToEven) + zeroPoints[i], lo, hi))];
            node.Bind(0, new Constant(constant.Dims, null, codes) { Type = type });
            return;
        }

        node.Int("axis", 1);
        Activation input = node.Activation(0);
        CodeGrid grid = QuantizationParameters.Grid(node);
        string output = node.Output;
        node.Emit(
            new QuantizeNode(node.Name, input.Name, output, grid.Scale, grid.ZeroPoint, grid.Lo, grid.Hi), input.Renamed(output).As(grid));
    }
}
