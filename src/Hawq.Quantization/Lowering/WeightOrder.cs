namespace Hawq.Quantization.Lowering;

/// <summary>Weight layouts.</summary>
internal static class WeightOrder
{
    /// <summary>[output][channel][position] to [output][position][channel]: ONNX order to that of the manifest.</summary>
    public static float[] ChannelsLast(float[] weights, int outputs, int channels, int positions)
    {
        float[] result = new float[weights.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < positions; p++)
                {
                    result[(((o * positions) + p) * channels) + c] = weights[(((o * channels) + c) * positions) + p];
                }
            }
        }

        return result;
    }
}
