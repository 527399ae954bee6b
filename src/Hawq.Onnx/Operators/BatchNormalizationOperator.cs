using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// BatchNormalization in inference form: y = x * s + t per channel with s = scale / sqrt(variance + epsilon), t = bias - mean * s.
/// Folded into the convolution that feeds it where nothing else reads that convolution, else a depthwise 1 x 1 convolution.
/// </summary>
internal sealed class BatchNormalizationOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["BatchNormalization"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        node.Ignore("momentum");
        node.Ignore("spatial");
        if (node.Int("training_mode", 0) != 0)
        {
            throw node.Unsupported("attribute training_mode is 1", "Export the model in evaluation mode (model.eval()).");
        }

        int channels = input.Dims is { Length: >= 2 } dims ? dims[1] : throw node.Invalid("its input has no channels");
        float[] scale = PerChannel(node, 1, "scale", channels);
        float[] bias = PerChannel(node, 2, "bias", channels);
        float[] mean = PerChannel(node, 3, "mean", channels);
        float[] variance = PerChannel(node, 4, "variance", channels);
        double epsilon = node.Float("epsilon", 1e-5f);

        double[] factors = new double[channels];
        double[] offsets = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            factors[c] = scale[c] / Math.Sqrt(variance[c] + epsilon);
            offsets[c] = bias[c] - (mean[c] * factors[c]);
            if (!double.IsFinite(factors[c]) || !double.IsFinite(offsets[c]))
            {
                throw node.Invalid($"channel {c} has variance {variance[c]} and epsilon {epsilon}, which give no finite factor");
            }
        }

        ChannelAffine.Emit(node, input, factors, offsets);
    }

    private static float[] PerChannel(NodeContext node, int index, string role, int channels)
    {
        float[] values = node.Floats(index, role);
        return values.Length == channels ? values : throw node.Invalid($"its {role} has {values.Length} values for {channels} channels");
    }
}
