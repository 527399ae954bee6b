namespace Hawq.Training.Gradients;

/// <summary>Batch normalization of [N, C, H, W]; scale, offset, mean and variance have C elements.</summary>
public static class Normalization
{
    /// <summary>Inference form: y = (x - mean) / sqrt(variance + epsilon) * scale + offset, mean and variance given. One multiplication and addition.</summary>
    public static TapeValue BatchNormalization(this Tape tape, TapeValue x, TapeValue scale, TapeValue offset, TapeValue mean, TapeValue variance, double epsilon)
    {
        TapeValue deviation = tape.Sqrt(tape.Add(variance, tape.Scalar(epsilon)));
        TapeValue factor = tape.Div(scale, deviation);
        TapeValue shift = tape.Sub(offset, tape.Mul(mean, factor));
        return tape.Add(tape.Mul(x, PerChannel(tape, factor)), PerChannel(tape, shift));
    }

    /// <summary>Training form: mean and (biased) variance are those of the batch, and gradients pass through them.</summary>
    public static TapeValue BatchNormalization(this Tape tape, TapeValue x, TapeValue scale, TapeValue offset, double epsilon)
    {
        (TapeValue mean, TapeValue variance) = tape.ChannelStatistics(x);
        return tape.BatchNormalization(x, scale, offset, mean, variance, epsilon);
    }

    /// <summary>Mean and biased variance per channel, over batch, rows and columns: C elements each.</summary>
    public static (TapeValue Mean, TapeValue Variance) ChannelStatistics(this Tape tape, TapeValue x)
    {
        int channels = x.Dims[1];
        TapeValue mean = tape.MeanOver(x, 0, 2, 3);
        TapeValue variance = tape.MeanOver(tape.Square(tape.Sub(x, mean)), 0, 2, 3);
        return (tape.Reshape(mean, channels), tape.Reshape(variance, channels));
    }

    private static TapeValue PerChannel(Tape tape, TapeValue value) => tape.Reshape(value, 1, value.Count, 1, 1);
}
