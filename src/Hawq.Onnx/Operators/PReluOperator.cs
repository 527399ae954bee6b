using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>PRelu with constant slopes: one number (LeakyRelu) or one per channel.</summary>
internal sealed class PReluOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["PRelu"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        Constant constant = node.Constant(1, "slope");
        float[] slopes = node.Floats(1, "slope");
        if (slopes.Length > 0 && slopes.All(slope => slope == slopes[0]))
        {
            UnaryOperator.Import(node, new FunctionExpression(UnaryFunction.LeakyRelu, slopes[0], 0, UnaryExpression.Argument));
            return;
        }

        int lead = node.Opset < 7 && constant.Dims.Length == 1 ? input.ChannelAxis : input.Rank - constant.Dims.Length; // Before opset 7 a vector meant the channels.
        int axis = input.ChannelAxis - lead;
        if (lead < 0 || axis < 0 || slopes.Length != input.Shape.Channels || constant.Dims[axis] != slopes.Length)
        {
            throw node.Unsupported($"its slope [{string.Join(", ", constant.Dims)}] meets a value [{string.Join(", ", input.Dims)}]", "One slope, or one per channel is supported.");
        }

        node.Emit(new PReluNode(node.Name, input.Name, node.Output, slopes), input.Renamed(node.Output));
    }
}
