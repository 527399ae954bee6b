using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// y = x * factor + offset per channel, with constant factors and offsets: folded into the convolution or fully connected layer that
/// feeds it where nothing else reads that, else a depthwise 1 x 1 convolution.
/// </summary>
internal static class ChannelAffine
{
    public static void Emit(NodeContext node, Activation input, double[] factors, double[] offsets)
    {
        if (!input.IsImage && !input.IsFeatures)
        {
            throw node.Unsupported(
                $"its input has the layout [{string.Join(", ", input.Dims)}] over a {input.Shape} tensor",
                "[batch, channels, height, width] and [batch, features] are supported here.");
        }

        bool isOnlyReader = node.Graph.Uses(input.Name) == 1;
        switch (isOnlyReader ? node.Graph.Producer(input.Name) : null)
        {
            case ConvNode conv:
                node.Graph.Replace(
                    input.Name,
                    conv with { Output = node.Output, Weights = Scaled(conv.Weights, factors), Bias = Moved(conv.Bias, factors, offsets) });
                node.Bind(0, input.Renamed(node.Output));
                break;
            case GemmNode gemm:
                node.Graph.Replace(
                    input.Name,
                    gemm with { Output = node.Output, Weights = Scaled(gemm.Weights, factors), Bias = Moved(gemm.Bias, factors, offsets) });
                node.Bind(0, input.Renamed(node.Output));
                break;
            default:
                Size2 one = new(1, 1);
                node.Emit(
                    new ConvNode(
                        node.Name, input.Name, node.Output, Array.ConvertAll(factors, x => (float)x), Array.ConvertAll(offsets, x => (float)x), one, one,
                        default, one, factors.Length),
                    input.Renamed(node.Output));
                break;
        }
    }

    private static float[] Scaled(float[] weights, double[] factors)
    {
        int perChannel = weights.Length / factors.Length;
        var scaled = new float[weights.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = (float)(weights[i] * factors[i / perChannel]);
        }

        return scaled;
    }

    private static float[] Moved(float[] bias, double[] factors, double[] offsets) =>
        [.. bias.Select((value, channel) => (float)((value * factors[channel]) + offsets[channel]))];
}
