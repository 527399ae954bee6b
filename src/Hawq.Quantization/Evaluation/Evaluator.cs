namespace Hawq.Quantization.Evaluation;

/// <summary>How good a network is on a data set. Figures are null where they cannot be known (no labels, no float network).</summary>
/// <param name="Count">Number of inputs.</param>
/// <param name="Top1">Percentage of inputs whose largest logit is the label's.</param>
/// <param name="Agreement">Percentage of inputs whose largest logit is the float network's.</param>
/// <param name="SqnrDb">Signal to quantization noise of the logits in dB, logits centered per input.</param>
/// <param name="Kl">Mean KL(softmax(float) || softmax(quantized)) in nats.</param>
/// <param name="FloatTop1">Top-1 of the float network.</param>
public sealed record EvaluationResult(int Count, double? Top1, double? Agreement, double? SqnrDb, double? Kl, double? FloatTop1);

/// <summary>Collects logits, input by input, into an <see cref="EvaluationResult"/>.</summary>
public sealed class Evaluator
{
    private int _count, _labelled, _correct, _floatCorrect, _compared, _agree;
    private double _signal, _noise, _kl;

    /// <summary>Adds one input.</summary>
    /// <param name="logits">Real logits (code * scale) of the network.</param>
    /// <param name="reference">Logits of the float network, or empty.</param>
    /// <param name="label">Class index, or null.</param>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> reference, int? label)
    {
        _count++;
        int choice = LargestIndex(logits);
        if (label is { } wanted)
        {
            _labelled++;
            _correct += choice == wanted ? 1 : 0;
        }

        if (reference.IsEmpty)
        {
            return;
        }

        int referenceChoice = LargestIndex(reference);
        _compared++;
        _agree += choice == referenceChoice ? 1 : 0;
        _floatCorrect += label == referenceChoice ? 1 : 0;
        double mean = Mean(logits), referenceMean = Mean(reference);
        double normalizer = LogSumExp(logits), referenceNormalizer = LogSumExp(reference);
        for (int i = 0; i < logits.Length; i++)
        {
            double signal = reference[i] - referenceMean, error = logits[i] - mean - signal;
            _signal += signal * signal;
            _noise += error * error;
            double logP = reference[i] - referenceNormalizer, logQ = logits[i] - normalizer;
            _kl += Math.Exp(logP) * (logP - logQ);
        }
    }

    /// <summary>The figures so far.</summary>
    public EvaluationResult Result() => new(
        _count,
        _labelled == 0 ? null : 100.0 * _correct / _labelled,
        _compared == 0 ? null : 100.0 * _agree / _compared,
        _compared == 0 ? null : 10 * Math.Log10(_signal / Math.Max(_noise, 1e-12 * Math.Max(_signal, 1e-300))),
        _compared == 0 ? null : _kl / _compared,
        _compared == 0 || _labelled == 0 ? null : 100.0 * _floatCorrect / _labelled);

    /// <summary>Index of the largest value, the first of equals.</summary>
    public static int LargestIndex(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static double LogSumExp(ReadOnlySpan<float> values)
    {
        double largest = values[LargestIndex(values)], sum = 0;
        foreach (float value in values)
        {
            sum += Math.Exp(value - largest);
        }

        return largest + Math.Log(sum);
    }
}
