using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// BatchNormalization in inference form: y = x * s + t per channel with s = scale / sqrt(variance + epsilon), t = bias - mean * s.
/// A <see cref="ChannelAffine"/>, folded into the convolution that feeds it where nothing else reads that.
/// </summary>
internal sealed class BatchNormalizationOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["BatchNormalization"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        node.Ignore("momentum");
        node.Ignore("spatial");
        node.Ignore("consumed_inputs");
        if (node.Int("training_mode", 0) != 0 || (node.Opset < 7 && node.Int("is_test", 0) == 0))
        {
            throw node.Unsupported("it is in training mode", "Export the model in evaluation mode (model.eval()).");
        }

        int channels = input.Shape.Channels;
        if (input.Rank < 2 || (input.ChannelAxis != 1 && channels > 1))
        {
            // Straight after a channel shuffle the channels are dimension 1, in another order.
            input = ChannelOrder.InOrder(node.Graph, input) ?? throw node.Unsupported(
                $"its input has the layout [{string.Join(", ", input.Dims)}] over a {input.Shape} tensor", "Channels must be dimension 1.");
        }

        float[] scale = PerChannel(node, 1, "scale", channels);
        float[] bias = PerChannel(node, 2, "bias", channels);
        float[] mean = PerChannel(node, 3, "mean", channels);
        float[] variance = PerChannel(node, 4, "variance", channels);
        double epsilon = node.Float("epsilon", 1e-5f);

        BatchNormalizationNode normalization = new(node.Name, input.Name, node.Output, scale, bias, mean, variance, (float)epsilon);
        (float[] factors, float[] offsets) = normalization.Affine();
        int infinite = Array.FindIndex([.. factors.Zip(offsets)], pair => !float.IsFinite(pair.First) || !float.IsFinite(pair.Second));
        if (infinite >= 0)
        {
            throw node.Invalid($"channel {infinite} has variance {variance[infinite]} and epsilon {epsilon}, which give no finite factor");
        }

        if (node.Graph.KeepBatchNormalization)
        {
            node.Emit(normalization, input.Renamed(node.Output));
            return;
        }

        ChannelAffine.Emit(node, input, factors, offsets);
    }

    private static float[] PerChannel(NodeContext node, int index, string role, int channels)
    {
        float[] values = node.Floats(index, role);
        return values.Length == channels ? values : throw node.Invalid($"its {role} has {values.Length} values for {channels} channels");
    }
}
