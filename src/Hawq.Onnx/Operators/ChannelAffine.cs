using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// y = x * factor + offset per channel, with constant factors and offsets: a depthwise 1 x 1 convolution, which
/// <see cref="Passes.AffineFolding"/> folds into the layer before it where it can.
/// </summary>
internal static class ChannelAffine
{
    public static void Emit(NodeContext node, Activation input, float[] factors, float[] offsets) =>
        node.Emit(Node(node.Name, input.Name, node.Output, factors, offsets), input.Renamed(node.Output));

    public static ConvNode Node(string name, string input, string output, float[] factors, float[] offsets)
    {
        Size2 one = new(1, 1);
        return new ConvNode(name, input, output, factors, offsets, one, one, default, one, factors.Length);
    }
}
