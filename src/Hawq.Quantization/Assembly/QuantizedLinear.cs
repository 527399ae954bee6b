using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Assembly;

/// <summary>The integer weights of a layer, its scales, and the real bias that belongs to them.</summary>
/// <param name="Codes">[output channel][kernel row][kernel column][input channel], within the symmetric narrow range.</param>
/// <param name="Scales">Positive step per output channel.</param>
/// <param name="Bias">Real bias per output channel.</param>
internal sealed record QuantizedLinear(sbyte[] Codes, float[] Scales, double[] Bias)
{
    /// <summary>
    /// Rounds every weight to the nearest code, with the largest weight of each channel at the largest code. A channel whose weights are so small that its bias
    /// would not fit in int32 gets a larger scale.
    /// </summary>
    public static QuantizedLinear Nearest(LoweredLinear layer, float inputScale)
    {
        float[] scales = WeightScales.Maximum(layer, inputScale);
        int perChannel = layer.Geometry.PerChannel;
        sbyte[] codes = new sbyte[layer.Weights.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = WeightScales.Round(layer.Weights[i], scales[i / perChannel], layer.Bits.Weights);
        }

        return new QuantizedLinear(codes, scales, Array.ConvertAll(layer.Bias, b => (double)b));
    }
}

/// <summary>Rules for weight scales.</summary>
internal static class WeightScales
{
    /// <summary>A bias may use half of int32; the products use the rest.</summary>
    public const double BiasLimit = 1 << 30;

    private const int Candidates = 53;
    private const double SmallestScale = .35;

    /// <summary>Largest code of the symmetric narrow range.</summary>
    public static int MaxCode(int bits) => (1 << (bits - 1)) - 1;

    /// <summary>The nearest code, ties up, clamped.</summary>
    public static sbyte Round(double weight, double scale, int bits)
    {
        if (scale <= 0)
        {
            return 0; // a channel without weights
        }

        int limit = MaxCode(bits);
        return (sbyte)Math.Clamp(Math.Floor((weight / scale) + .5), -limit, limit);
    }

    /// <summary>The scale per output channel at which nothing is clipped, <see cref="Raise"/>d.</summary>
    public static float[] Maximum(LoweredLinear layer, float inputScale)
    {
        float[] scales = [.. Largest(layer).Select(s => (float)s)];
        Raise(scales, layer.Bias, inputScale);
        return scales;
    }

    /// <summary>The scale per output channel at which nothing is clipped; 0 for a channel without weights.</summary>
    public static double[] Largest(LoweredLinear layer)
    {
        int perChannel = layer.Geometry.PerChannel;
        double[] scales = new double[layer.Bias.Length];
        for (int o = 0; o < scales.Length; o++)
        {
            float max = 0;
            foreach (float weight in layer.Weights.AsSpan(o * perChannel, perChannel))
            {
                max = Math.Max(max, Math.Abs(weight));
            }

            scales[o] = (double)max / MaxCode(layer.Bits.Weights);
        }

        return scales;
    }

    /// <summary>The scale per output channel, among 53 between 1 and 0.35 of the largest, with the least squared error of the weights.</summary>
    public static double[] LeastSquaredError(LoweredLinear layer)
    {
        double[] scales = Largest(layer);
        int perChannel = layer.Geometry.PerChannel;
        for (int o = 0; o < scales.Length; o++)
        {
            double largest = scales[o], best = double.PositiveInfinity;
            for (int candidate = 0; candidate < Candidates && largest > 0; candidate++)
            {
                double scale = largest * (1 - ((1 - SmallestScale) * candidate / (Candidates - 1))), cost = 0;
                foreach (float weight in layer.Weights.AsSpan(o * perChannel, perChannel))
                {
                    double error = weight - (scale * Round(weight, scale, layer.Bits.Weights));
                    cost += error * error;
                }

                if (cost < best)
                {
                    (best, scales[o]) = (cost, scale);
                }
            }
        }

        return scales;
    }

    /// <summary>Raises scales that are zero or would push the bias out of int32.</summary>
    public static void Raise(float[] scales, float[] bias, float inputScale)
    {
        float largest = scales.Length == 0 ? 0 : scales.Max();
        for (int o = 0; o < scales.Length; o++)
        {
            if (scales[o] == 0)
            {
                scales[o] = largest > 0 ? largest : 1;
            }

            double least = Math.Max(Math.Abs(bias[o]) / (inputScale * BiasLimit), 1e-20);
            if (scales[o] < least)
            {
                scales[o] = MathF.BitIncrement((float)least);
            }
        }
    }
}
