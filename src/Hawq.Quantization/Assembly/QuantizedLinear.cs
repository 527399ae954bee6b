using Hawq.Model;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Rounding;

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
    public static QuantizedLinear Nearest(LoweredLinear layer, Tensor input)
    {
        double[] scales = [.. WeightScales.Maximum(layer, input.Scale)];
        sbyte[] codes = WeightScales.Round(layer, scales, input);
        return new QuantizedLinear(codes, [.. scales.Select(s => (float)s)], Array.ConvertAll(layer.Bias, b => (double)b));
    }
}

/// <summary>Rules for weight scales.</summary>
internal static class WeightScales
{
    /// <summary>A bias may use half of int32; the products use the rest.</summary>
    public const double BiasLimit = 1 << 30;

    private const int Candidates = 53;

    /// <summary>Largest code of the symmetric narrow range.</summary>
    public static int MaxCode(int bits) => (1 << (bits - 1)) - 1;

    /// <summary>
    /// The nearest codes. Where the layer's bits demand that int16 lanes hold, the scales of channels in which they do not are raised until they do.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="scales">Scale per output channel.</param>
    /// <param name="input">The layer's input.</param>
    public static sbyte[] Round(LoweredLinear layer, double[] scales, Tensor input)
    {
        int perChannel = layer.Geometry.PerChannel;
        CodeGrid grid = CodeGrid.Of(layer.Bits);
        LaneBudget? budget = LaneBudget.Of(layer, input);
        sbyte[] codes = new sbyte[layer.Weights.Length];
        for (int o = 0; o < scales.Length; o++)
        {
            ReadOnlySpan<float> weights = layer.Weights.AsSpan(o * perChannel, perChannel);
            sbyte[] row = Round(weights, scales[o], grid);
            double start = scales[o];
            for (int attempt = 1; budget?.Holds(row) == false; attempt++)
            {
                scales[o] = LoweredScale.At(start, grid.Limit, attempt);
                row = Round(weights, scales[o], grid);
            }

            row.CopyTo(codes, o * perChannel);
        }

        return codes;
    }

    private static sbyte[] Round(ReadOnlySpan<float> weights, double scale, CodeGrid grid)
    {
        sbyte[] row = new sbyte[weights.Length];
        if (scale > 0 && weights.ContainsAnyExcept(0f))
        {
            for (int k = 0; k < row.Length; k++)
            {
                row[k] = grid.Nearest(weights[k] / scale);
            }
        }

        return row; // a channel without weights has none but zeros, binary or not
    }

    /// <summary>The scale per output channel at which nothing is clipped, <see cref="Raise"/>d.</summary>
    public static float[] Maximum(LoweredLinear layer, float inputScale)
    {
        float[] scales = [.. Largest(layer).Select(s => (float)s)];
        Raise(scales, layer.Bias, inputScale);
        return scales;
    }

    /// <summary>The scale per output channel at which nothing is clipped (binary: the mean magnitude, at which least is lost); 0 for a channel without weights.</summary>
    public static double[] Largest(LoweredLinear layer)
    {
        int perChannel = layer.Geometry.PerChannel;
        double[] scales = new double[layer.Bias.Length];
        for (int o = 0; o < scales.Length; o++)
        {
            scales[o] = CodeGrid.Of(layer.Bits).LargestScale(layer.Weights.AsSpan(o * perChannel, perChannel));
        }

        return scales;
    }

    /// <summary>The scale per output channel, among 53 between the largest and <see cref="CodeGrid.SmallestScale"/> of it, with the least squared error of the weights.</summary>
    public static double[] LeastSquaredError(LoweredLinear layer)
    {
        double[] scales = Largest(layer);
        int perChannel = layer.Geometry.PerChannel;
        CodeGrid grid = CodeGrid.Of(layer.Bits);
        for (int o = 0; o < scales.Length; o++)
        {
            double largest = scales[o], best = double.PositiveInfinity;
            for (int candidate = 0; candidate < Candidates && largest > 0; candidate++)
            {
                double scale = largest * (1 - ((1 - grid.SmallestScale) * candidate / (Candidates - 1))), cost = 0;
                foreach (float weight in layer.Weights.AsSpan(o * perChannel, perChannel))
                {
                    double error = weight - (scale * grid.Nearest(weight / scale));
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
