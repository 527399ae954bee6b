namespace Hawq.Quantization.Sensitivity;

/// <summary>
/// The float network's own output distributions, and how far another network's logits are from them. The cross entropy against them is
/// least at the float weights, where its gradient is exactly zero; it exceeds that minimum by the KL divergence. All sums in double.
/// </summary>
internal sealed class SoftLabels
{
    private readonly double[][] _probability;
    private readonly double[][] _logProbability;
    private readonly double[][] _centered;

    /// <summary>From the float network's logits, one array per image.</summary>
    public SoftLabels(IReadOnlyList<float[]> logits)
    {
        _logProbability = [.. logits.Select(z => LogSoftmax(z))];
        _probability = [.. _logProbability.Select(p => Array.ConvertAll(p, Math.Exp))];
        _centered = [.. logits.Select(z => Centered(z))];
    }

    /// <summary>Number of classes.</summary>
    public int Classes => _probability[0].Length;

    /// <summary>KL(float || other) of one image, in nats.</summary>
    public double Kl(int image, ReadOnlySpan<float> logits)
    {
        double[] other = LogSoftmax(logits), p = _probability[image], log = _logProbability[image];
        double sum = 0;
        for (int c = 0; c < other.Length; c++)
        {
            sum += p[c] * (log[c] - other[c]);
        }

        return sum;
    }

    /// <summary>Increase of the cross entropy against one class.</summary>
    public double LossIncrease(int image, int label, ReadOnlySpan<float> logits) => _logProbability[image][label] - LogSoftmax(logits)[label];

    /// <summary>Squared distance of the logits, both centered.</summary>
    public double SquaredError(int image, ReadOnlySpan<float> logits)
    {
        double[] other = Centered(logits);
        double sum = 0;
        for (int c = 0; c < other.Length; c++)
        {
            double d = other[c] - _centered[image][c];
            sum += d * d;
        }

        return sum;
    }

    /// <summary>The class that the float network chooses.</summary>
    public int Choice(int image) => Array.IndexOf(_probability[image], _probability[image].Max());

    private static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float z in logits)
        {
            largest = Math.Max(largest, z);
        }

        foreach (float z in logits)
        {
            sum += Math.Exp(z - largest);
        }

        double normalizer = largest + Math.Log(sum);
        double[] result = new double[logits.Length];
        for (int c = 0; c < result.Length; c++)
        {
            result[c] = logits[c] - normalizer;
        }

        return result;
    }

    private static double[] Centered(ReadOnlySpan<float> logits)
    {
        double mean = 0;
        foreach (float z in logits)
        {
            mean += z;
        }

        mean /= logits.Length;
        double[] result = new double[logits.Length];
        for (int c = 0; c < result.Length; c++)
        {
            result[c] = logits[c] - mean;
        }

        return result;
    }
}
