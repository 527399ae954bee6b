using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Steps of weights that came quantized, per output channel.</summary>
internal static class WeightSteps
{
    /// <param name="node">The node.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="channelOf">Output channel of the weight at a position.</param>
    /// <returns>Null for float weights.</returns>
    public static float[]? Of(NodeContext node, Constant weights, int outputs, Func<int, int> channelOf)
    {
        if (weights.Steps is not { } steps)
        {
            return null;
        }

        var result = new float[outputs];
        for (int i = 0; i < steps.Length; i++)
        {
            int channel = channelOf(i);
            if (result[channel] != 0 && result[channel] != steps[i])
            {
                throw node.Unsupported(
                    $"its quantized weights have several scales within output channel {channel}", "One scale per tensor or per output channel is supported.");
            }

            double code = Math.Round(weights.Floats![i] / (double)steps[i]);
            if (code is < -128 or > 127)
            {
                throw node.Unsupported(
                    $"a quantized weight of output channel {channel} lies {code} steps from zero", "Codes minus zero point from -128 to 127 are supported: quantize the weights as s8 with zero point 0 (ONNX Runtime: weight_type QInt8).");
            }

            result[channel] = steps[i];
        }

        return result;
    }
}
