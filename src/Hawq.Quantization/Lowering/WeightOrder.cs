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

    /// <summary>
    /// Of a transposed convolution, [input channel][output channel of the group][row][column], to the convolution behind the zeros:
    /// [output channel][row][column][input channel of the group], rows and columns turned by 180 degrees.
    /// </summary>
    public static float[] Turned(Onnx.ConvTransposeNode node, int inputs, int outputs)
    {
        int positions = node.Kernel.Height * node.Kernel.Width, groupInputs = inputs / node.Groups, groupOutputs = outputs / node.Groups;
        float[] result = new float[node.Weights.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int p = 0; p < positions; p++)
            {
                for (int c = 0; c < groupInputs; c++)
                {
                    int from = ((((o / groupOutputs * groupInputs) + c) * groupOutputs) + (o % groupOutputs)) * positions;
                    result[(((o * positions) + p) * groupInputs) + c] = node.Weights[from + positions - 1 - p];
                }
            }
        }

        return result;
    }
}
