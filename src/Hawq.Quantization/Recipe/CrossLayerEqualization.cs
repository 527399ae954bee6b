using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Recipe;

/// <summary>
/// Cross-layer equalization (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv 1906.04721): ReLU lets a positive factor through, so a
/// channel between two layers with weights may be divided in the first and multiplied in the second until both use their range alike. The float function stays the same.
/// </summary>
internal static class CrossLayerEqualization
{
    private const int Rounds = 3;
    private const double Largest = 100; // a factor beyond this says that the channel is dead, not that it is badly scaled
    private const double Dead = 1e-8;

    /// <summary>Equalizes every pair of layers of which the second is the only reader of the first.</summary>
    public static LoweredNetwork Apply(LoweredNetwork network)
    {
        LoweredLayer[] layers = [.. network.Layers];
        for (int round = 0; round < Rounds; round++)
        {
            for (int first = 0; first < layers.Length; first++)
            {
                if (layers[first] is not LoweredLinear a || network.Tensors[a.Output] is not { Role: TensorRole.Activation, RealHi: float.PositiveInfinity })
                {
                    continue;
                }

                int[] readers = [.. Enumerable.Range(0, layers.Length).Where(i => layers[i].Inputs.Contains(a.Output))];
                if (readers is [int second] && layers[second] is LoweredLinear b)
                {
                    (layers[first], layers[second]) = Equalize(a, b);
                }
            }
        }

        return network with { Layers = layers };
    }

    private static (LoweredLinear A, LoweredLinear B) Equalize(LoweredLinear a, LoweredLinear b)
    {
        int channels = a.Geometry.Output.Channels, perChannel = a.Geometry.PerChannel, seen = b.Geometry.InputChannels, rows = b.Geometry.Output.Channels / b.Geometry.Groups;
        double[] rangeA = new double[channels], rangeB = new double[channels];
        int InputChannel(int weight) => ((weight / b.Geometry.PerChannel / rows * seen) + (weight % seen)) % channels; // a flattened input repeats its channels
        for (int i = 0; i < a.Weights.Length; i++)
        {
            rangeA[i / perChannel] = Math.Max(rangeA[i / perChannel], Math.Abs(a.Weights[i]));
        }

        for (int i = 0; i < b.Weights.Length; i++)
        {
            rangeB[InputChannel(i)] = Math.Max(rangeB[InputChannel(i)], Math.Abs(b.Weights[i]));
        }

        double[] factor = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            factor[c] = rangeA[c] > Dead && rangeB[c] > Dead ? Math.Clamp(Math.Sqrt(rangeA[c] / rangeB[c]), 1 / Largest, Largest) : 1;
        }

        return (
            a with
            {
                Weights = [.. a.Weights.Select((w, i) => (float)(w / factor[i / perChannel]))],
                Bias = [.. a.Bias.Select((v, c) => (float)(v / factor[c]))],
            },
            b with { Weights = [.. b.Weights.Select((w, i) => (float)(w * factor[InputChannel(i)]))] });
    }
}
