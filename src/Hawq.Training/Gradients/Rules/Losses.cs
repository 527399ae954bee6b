namespace Hawq.Training.Gradients;

/// <summary>Losses over a batch: scalars.</summary>
public static class Losses
{
    /// <summary>Mean cross entropy between target distributions and softmax(logits).</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="logits">[N, classes].</param>
    /// <param name="targets">[N, classes], rows add up to 1: one-hot labels, or another network's probabilities.</param>
    public static TapeValue CrossEntropy(this Tape tape, TapeValue logits, TapeValue targets) =>
        tape.Scale(tape.Sum(tape.Mul(tape.LogSoftmax(logits), targets)), -1.0 / logits.Dims[0]);

    /// <summary>
    /// Divergence of a batch's channel statistics from those that a batch normalization remembers, mean over channels:
    /// squared: (mean - mean0)^2 + (variance - variance0)^2, in units of the remembered deviation and variance; or
    /// KL(batch || remembered) of two normal distributions: ln(s0 / s) + (s^2 + (mean - mean0)^2) / (2 s0^2) - 1/2.
    /// </summary>
    public static TapeValue StatisticsDivergence(
        this Tape tape, TapeValue x, IReadOnlyList<float> mean, IReadOnlyList<float> variance, double epsilon, StatisticsForm form)
    {
        (TapeValue batchMean, TapeValue batchVariance) = tape.ChannelStatistics(x);
        float[] inverse = [.. variance.Select(v => (float)(1 / (v + epsilon)))];
        TapeValue scale = tape.Constant(inverse, inverse.Length);
        TapeValue distance = tape.Mul(tape.Square(tape.Sub(batchMean, tape.Constant([.. mean], mean.Count))), scale);

        // Channels that never vary (dead ones) have no meaningful ratio: epsilon stands on both sides.
        TapeValue ratio = tape.Mul(tape.Add(batchVariance, tape.Scalar(epsilon)), scale);
        TapeValue spread = form == StatisticsForm.Squared
            ? tape.Square(tape.Sub(ratio, tape.Scalar(1)))
            : tape.Sub(ratio, tape.Add(tape.Log(ratio), tape.Scalar(1)));
        TapeValue total = tape.Mean(tape.Add(distance, spread));
        return form == StatisticsForm.Squared ? total : tape.Scale(total, .5);
    }

    /// <summary>Mean squared difference of neighbouring pixels of [N, C, H, W]: small for smooth images.</summary>
    public static TapeValue Roughness(this Tape tape, TapeValue x)
    {
        TapeValue Neighbours(int axis)
        {
            int length = x.Dims[axis];
            TapeValue first = tape.Slice(x, [axis], [0], [length - 1], [1]), second = tape.Slice(x, [axis], [1], [length], [1]);
            return tape.Mean(tape.Square(tape.Sub(first, second)));
        }

        return tape.Add(Neighbours(2), Neighbours(3));
    }
}

/// <summary>How two sets of channel statistics are compared.</summary>
public enum StatisticsForm
{
    /// <summary>Squared differences of means and variances.</summary>
    Squared,

    /// <summary>Kullback-Leibler divergence of normal distributions.</summary>
    Kl,
}
