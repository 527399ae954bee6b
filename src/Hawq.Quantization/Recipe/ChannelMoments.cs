using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Recipe;

/// <summary>First and second moments per output channel of a layer's integer products and of the real outputs that it should produce.</summary>
internal sealed class ChannelMoments
{
    private readonly double[] _productVariance;
    private readonly double[] _covariance;
    private readonly double[] _targetVariance;

    private ChannelMoments(double[] productMean, double[] targetMean, double[] productVariance, double[] covariance, double[] targetVariance) =>
        (ProductMean, TargetMean, _productVariance, _covariance, _targetVariance) = (productMean, targetMean, productVariance, covariance, targetVariance);

    /// <summary>Mean of the products.</summary>
    public double[] ProductMean { get; }

    /// <summary>Mean of the target.</summary>
    public double[] TargetMean { get; }

    /// <summary>Variance of the target, summed over channels.</summary>
    public double TargetVariance => _targetVariance.Sum();

    /// <summary>Sums per image in double, images added in order: independent of threads.</summary>
    public static ChannelMoments Of(Batch<int> products, Batch<float> target)
    {
        int channels = products.Shape.Channels;
        double[][] images = new double[products.Count][];
        Parallel.For(0, products.Count, image =>
        {
            double[] sums = new double[5 * channels];
            ReadOnlySpan<int> product = products[image];
            ReadOnlySpan<float> wanted = target[image];
            for (int i = 0, o = 0; i < product.Length; i++)
            {
                double z = product[i], t = wanted[i];
                sums[o] += z;
                sums[channels + o] += t;
                sums[(2 * channels) + o] += z * z;
                sums[(3 * channels) + o] += z * t;
                sums[(4 * channels) + o] += t * t;
                o = o + 1 == channels ? 0 : o + 1;
            }

            images[image] = sums;
        });
        double[] total = new double[5 * channels];
        foreach (double[] sums in images)
        {
            for (int i = 0; i < total.Length; i++)
            {
                total[i] += sums[i];
            }
        }

        double n = (double)products.Count * products.Shape.Height * products.Shape.Width;
        double[] Mean(int part) => [.. total.AsSpan(part * channels, channels).ToArray().Select(s => s / n)];
        double[] z = Mean(0), t = Mean(1);
        return new ChannelMoments(
            z, t,
            [.. Mean(2).Select((m, o) => m - (z[o] * z[o]))],
            [.. Mean(3).Select((m, o) => m - (z[o] * t[o]))],
            [.. Mean(4).Select((m, o) => m - (t[o] * t[o]))]);
    }

    /// <summary>
    /// Scales whose real products follow the target with slope 1 (least squares); a scale stays where the slope would leave (1/2, 2) or nothing varies.
    /// </summary>
    public float[] FitSlopes(float[] scales, float inputScale)
    {
        float[] fitted = (float[])scales.Clone();
        for (int o = 0; o < fitted.Length; o++)
        {
            double step = (double)inputScale * scales[o];
            if (_productVariance[o] * step * step > 1e-12)
            {
                double slope = _covariance[o] / (_productVariance[o] * step);
                if (slope is > .5 and < 2)
                {
                    fitted[o] = (float)(scales[o] * slope);
                }
            }
        }

        return fitted;
    }

    /// <summary>Variance of the target over the mean squared error of the output, in dB.</summary>
    /// <param name="scales">Scale of the weights, per channel.</param>
    /// <param name="inputScale">Real step of an input code.</param>
    /// <param name="bias">Per channel; null: the one that takes the means.</param>
    public double SqnrDb(float[] scales, float inputScale, double[]? bias = null)
    {
        double signal = 0, noise = 0;
        for (int o = 0; o < scales.Length; o++)
        {
            double step = (double)inputScale * scales[o];
            signal += _targetVariance[o];
            double mean = bias is null ? 0 : TargetMean[o] - (step * ProductMean[o]) - bias[o];
            noise += _targetVariance[o] - (2 * step * _covariance[o]) + (step * step * _productVariance[o]) + (mean * mean);
        }

        return 10 * Math.Log10(Math.Max(signal, 1e-300) / Math.Max(noise, 1e-12 * Math.Max(signal, 1e-300)));
    }
}
