using Hawq.Model;

namespace Hawq.Onnx.Passes;

/// <summary>
/// Folds a depthwise 1 x 1 convolution (BatchNormalization, a multiplication or addition per channel) into the convolution or fully
/// connected layer before it, where nothing else reads that one: w' = w * factor, b' = b * factor + offset.
/// </summary>
internal static class AffineFolding
{
    public static void Run(List<FloatNode> nodes, Dictionary<string, Shape> shapes, IReadOnlyList<string> outputs)
    {
        Dictionary<string, int> readers = GraphEditor.Readers(nodes, outputs);
        Dictionary<string, int> producers = new(StringComparer.Ordinal);
        List<FloatNode> folded = [];
        foreach (FloatNode node in nodes)
        {
            if (node is ConvNode affine && IsAffine(affine) && readers[affine.Input] == 1 && producers.TryGetValue(affine.Input, out int at) &&
                Fold(folded[at], affine) is { } merged)
            {
                producers.Remove(affine.Input);
                shapes.Remove(affine.Input);
                producers[merged.Output] = at;
                folded[at] = merged;
            }
            else
            {
                producers[node.Output] = folded.Count;
                folded.Add(node);
            }
        }

        nodes.Clear();
        nodes.AddRange(folded);
    }

    private static bool IsAffine(ConvNode conv)
    {
        Size2 one = new(1, 1);
        return conv.Groups == conv.Bias.Length && conv.Weights.Length == conv.Groups && conv.Kernel == one && conv.Stride == one && conv.Padding == default;
    }

    private static FloatNode? Fold(FloatNode producer, ConvNode affine) => producer switch
    {
        // Quantized weights stay on their grid; a negative factor would mirror the code -128 out of its range.
        ConvNode { WeightSteps: not null } or GemmNode { WeightSteps: not null } or ConvTransposeNode { WeightSteps: not null }
            when affine.Weights.Any(factor => factor <= 0) => null,
        ConvNode conv => conv with { Output = affine.Output, Weights = Scaled(conv.Weights, affine.Weights), Bias = Moved(conv.Bias, affine), WeightSteps = Steps(conv.WeightSteps, affine) },
        GemmNode gemm => gemm with { Output = affine.Output, Weights = Scaled(gemm.Weights, affine.Weights), Bias = Moved(gemm.Bias, affine), WeightSteps = Steps(gemm.WeightSteps, affine) },
        ConvTransposeNode conv => conv with { Output = affine.Output, Weights = ScaledTransposed(conv, affine.Weights), Bias = Moved(conv.Bias, affine), WeightSteps = Steps(conv.WeightSteps, affine) },
        _ => null,
    };

    private static float[] Scaled(float[] weights, float[] factors)
    {
        int perChannel = weights.Length / factors.Length;
        var scaled = new float[weights.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = weights[i] * factors[i / perChannel];
        }

        return scaled;
    }

    /// <summary>Weights are [input channel][output channel of the group][kernel]: the group of the input channel says which outputs.</summary>
    private static float[] ScaledTransposed(ConvTransposeNode conv, float[] factors)
    {
        int taps = conv.Kernel.Height * conv.Kernel.Width;
        int perGroup = factors.Length / conv.Groups;
        int inputsPerGroup = conv.Weights.Length / (taps * factors.Length);
        var scaled = new float[conv.Weights.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            int group = i / (taps * perGroup) / inputsPerGroup;
            scaled[i] = conv.Weights[i] * factors[(group * perGroup) + (i / taps % perGroup)];
        }

        return scaled;
    }

    private static float[]? Steps(float[]? steps, ConvNode affine) =>
        steps is null ? null : [.. steps.Select((step, channel) => step * affine.Weights[channel])];

    private static float[] Moved(float[] bias, ConvNode affine) =>
        [.. bias.Select((value, channel) => (float)(((double)value * affine.Weights[channel]) + affine.Bias[channel]))];
}
