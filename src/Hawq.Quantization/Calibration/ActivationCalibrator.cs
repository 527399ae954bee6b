using System.Globalization;
using Hawq.Model;

namespace Hawq.Quantization.Calibration;

/// <summary>Chooses the real value that the largest code of an activation stands for.</summary>
public abstract class ActivationCalibrator
{
    /// <summary>As written on the command line: <c>minmax</c>, <c>percentile:99.999</c>, <c>mse</c>, <c>kl</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The magnitude of code <paramref name="maxCode"/>: at most the largest magnitude seen, above 0 when that is.</summary>
    /// <param name="values">Magnitudes seen.</param>
    /// <param name="maxCode">Largest code: 15, 127, 255, ...</param>
    public abstract double Top(ValueHistogram values, int maxCode);

    /// <summary>Reads a name.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: there is no such calibrator.</exception>
    public static ActivationCalibrator Parse(string name)
    {
        string[] parts = name.Split(':', '=');
        return parts switch
        {
            ["minmax"] => new MinMaxCalibrator(),
            ["mse"] => new MseCalibrator(),
            ["kl"] => new KlCalibrator(),
            ["percentile"] => new PercentileCalibrator(99.999),
            ["percentile", string text] when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double percentile) && percentile is > 50 and <= 100
                => new PercentileCalibrator(percentile),
            _ => throw new HawqException(HawqIds.Usage, $"There is no calibration '{name}'. Use minmax, percentile, percentile:P (50 < P <= 100), mse or kl."),
        };
    }
}

/// <summary>The largest magnitude: nothing is clipped. As good as any other at 8 bits.</summary>
public sealed class MinMaxCalibrator : ActivationCalibrator
{
    /// <inheritdoc/>
    public override string Name => "minmax";

    /// <inheritdoc/>
    public override double Top(ValueHistogram values, int maxCode) => values.MaxMagnitude;
}

/// <summary>The magnitude below which the given percentage of all values lies (upper edge of its histogram bin).</summary>
/// <param name="percentile">In percent; 99.999 is harmless at 8 bits, 99.9 is not.</param>
public sealed class PercentileCalibrator(double percentile) : ActivationCalibrator
{
    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"percentile:{percentile}");

    /// <inheritdoc/>
    public override double Top(ValueHistogram values, int maxCode)
    {
        double wanted = values.Count * (percentile / 100);
        long seen = 0;
        for (int i = 0; i < ValueHistogram.BinCount; i++)
        {
            seen += values.Bins[i];
            if (seen >= wanted)
            {
                double top = (i + 1) * values.BinWidth;
                return i == 0 || top > values.MaxMagnitude ? values.MaxMagnitude : top; // nothing but zeros: fall back to the largest
            }
        }

        return values.MaxMagnitude;
    }
}

/// <summary>
/// Least squared rounding and clipping error over the histogram: 160 geometric candidates between 4 % (20 % above 5 bits) and 100 % of the largest magnitude. Essential at 4 bits.
/// </summary>
public sealed class MseCalibrator : ActivationCalibrator
{
    private const int Candidates = 160;

    /// <inheritdoc/>
    public override string Name => "mse";

    /// <inheritdoc/>
    public override double Top(ValueHistogram values, int maxCode)
    {
        double max = values.MaxMagnitude, best = max, bestCost = double.PositiveInfinity, smallest = maxCode < 32 ? .04 : .2;
        int used = max == 0 ? 0 : Math.Min(ValueHistogram.BinCount, (int)(max / values.BinWidth) + 1);
        for (int candidate = 0; candidate < Candidates && max > 0; candidate++)
        {
            double top = max * Math.Pow(smallest, 1 - (candidate / (Candidates - 1.0)));
            double step = top / maxCode, cost = 0;
            for (int i = 0; i < used; i++)
            {
                long count = i == 0 ? values.Bins[0] - values.Zeros : values.Bins[i];
                if (count != 0)
                {
                    double value = (i + .5) * values.BinWidth;
                    double error = value - (step * Math.Min(Math.Floor((value / step) + .5), maxCode));
                    cost += count * error * error;
                }
            }

            if (cost < bestCost)
            {
                (best, bestCost) = (top, cost);
            }
        }

        return best;
    }
}

/// <summary>
/// Least Kullback-Leibler divergence between the distribution and its quantized form (TensorRT's calibration, S. Migacz, GTC 2017): zeros left out
/// (the spike after ReLU), about 2,048 bins, every candidate a multiple of 1/128 of the range.
/// </summary>
public sealed class KlCalibrator : ActivationCalibrator
{
    private const int Merge = 8;

    /// <inheritdoc/>
    public override string Name => "kl";

    /// <inheritdoc/>
    public override double Top(ValueHistogram values, int maxCode)
    {
        double width = values.BinWidth * Merge;
        if (values.MaxMagnitude == 0)
        {
            return 0;
        }

        int count = Math.Min(ValueHistogram.BinCount / Merge, (int)(values.MaxMagnitude / width) + 1), levels = maxCode + 1;
        double[] bins = new double[count];
        for (int i = 0; i < count * Merge; i++)
        {
            bins[i / Merge] += values.Bins[i];
        }

        bins[0] = 0;
        double best = values.MaxMagnitude, bestDivergence = double.PositiveInfinity;
        for (int kept = Math.Max(levels, count / 16); kept <= count; kept += Math.Max(1, count / 128))
        {
            double divergence = Divergence(bins, kept, levels);
            if (divergence < bestDivergence)
            {
                (best, bestDivergence) = (Math.Min(kept * width, values.MaxMagnitude), divergence);
            }
        }

        return best;
    }

    /// <summary>KL between the clipped distribution and its quantized form over <paramref name="levels"/> levels.</summary>
    private static double Divergence(double[] bins, int kept, int levels)
    {
        double[] levelSum = new double[levels];
        int[] levelUsed = new int[levels];
        double total = 0, tail = 0;
        for (int i = 0; i < bins.Length; i++)
        {
            total += bins[i];
            if (i >= kept)
            {
                tail += bins[i];
            }
            else if (bins[i] > 0)
            {
                int level = (int)((long)i * levels / kept);
                levelSum[level] += bins[i];
                levelUsed[level]++;
            }
        }

        double quantizedTotal = total - tail, divergence = 0;
        if (quantizedTotal <= 0)
        {
            return double.PositiveInfinity;
        }

        double floor = 1e-4 / bins.Length;
        for (int i = 0; i < kept; i++)
        {
            double reference = (bins[i] + (i == kept - 1 ? tail : 0)) / total;
            if (reference > 0)
            {
                int level = (int)((long)i * levels / kept);
                double quantized = bins[i] > 0 ? levelSum[level] / levelUsed[level] / quantizedTotal : 0;
                divergence += reference * Math.Log(reference / Math.Max(quantized, floor));
            }
        }

        return divergence;
    }
}
