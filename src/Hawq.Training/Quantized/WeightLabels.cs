using Hawq.Training.Optimization;

namespace Hawq.Training.Quantized;

/// <summary>How the weights of one layer are trained: what is remembered of each, which codes the forward pass sees, and where gradients go.</summary>
internal abstract class WeightLabels
{
    /// <summary>What is remembered: the parameters of the optimizer.</summary>
    public abstract float[] Latent { get; }

    /// <summary>Codes for the forward pass: integers, except while labels are relaxed.</summary>
    /// <param name="codes">Receives one per weight.</param>
    public abstract void Forward(Span<float> codes);

    /// <summary>Gradient of the latent values.</summary>
    /// <param name="codes">Codes of the last forward pass.</param>
    /// <param name="gradient">Gradient of those.</param>
    public abstract float[] Backward(ReadOnlySpan<float> codes, ReadOnlySpan<float> gradient);

    /// <summary>Whole codes, as they would be deployed.</summary>
    public abstract sbyte[] Harden();

    /// <summary>After a step of the optimizer.</summary>
    public virtual void AfterStep()
    {
    }
}

/// <summary>Straight-through: a real weight in units of the step is remembered, rounded forward, and takes the gradient of its code (BinaryConnect, arXiv 1511.00363).</summary>
internal sealed class StraightThroughWeights(float[] latent, int maxCode, bool binary) : WeightLabels
{
    public override float[] Latent => latent;

    public override void Forward(Span<float> codes)
    {
        for (int i = 0; i < latent.Length; i++)
        {
            codes[i] = Round(latent[i]);
        }
    }

    public override float[] Backward(ReadOnlySpan<float> codes, ReadOnlySpan<float> gradient) => gradient.ToArray();

    public override sbyte[] Harden() => Array.ConvertAll(latent, v => (sbyte)Round(v));

    /// <summary>A weight beyond the last code would have to walk back before it could change: it stays within half a step.</summary>
    public override void AfterStep()
    {
        float limit = maxCode + (binary ? 0 : .5f);
        for (int i = 0; i < latent.Length; i++)
        {
            latent[i] = Math.Clamp(latent[i], -limit, limit);
        }
    }

    private float Round(float v) => binary ? (v >= 0 ? 1 : -1) : Math.Clamp(MathF.Floor(v + .5f), -maxCode, maxCode);
}

/// <summary>
/// Discrete labelling: every weight has a score per label. Proximal mean-field (arXiv 1812.04353): the forward pass sees the mean label under
/// softmax(beta * score), beta grows. Projected gradient: it sees the label with the largest score.
/// </summary>
/// <param name="scores">[weight][label].</param>
/// <param name="labels">Codes that the labels stand for.</param>
/// <param name="softness">beta, or infinity for the projected gradient.</param>
internal sealed class LabelledWeights(float[] scores, float[] labels, Func<double> softness) : WeightLabels
{
    private double _beta;

    public override float[] Latent => scores;

    /// <summary>Scores that prefer the label nearest to a real weight, in units of the step.</summary>
    public static float[] Scores(float[] latent, float[] labels)
    {
        float[] scores = new float[latent.Length * labels.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = -Math.Abs(latent[i / labels.Length] - labels[i % labels.Length]);
        }

        return scores;
    }

    public override void Forward(Span<float> codes)
    {
        _beta = softness();
        Span<double> probability = stackalloc double[labels.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            if (double.IsPositiveInfinity(_beta))
            {
                codes[i] = labels[Best(i)];
                continue;
            }

            Probabilities(i, probability);
            double mean = 0;
            for (int l = 0; l < labels.Length; l++)
            {
                mean += probability[l] * labels[l];
            }

            codes[i] = (float)mean;
        }
    }

    /// <summary>d/dscore = beta * u * (label - mean) * g (derived from the softmax), or label * g for the projected gradient.</summary>
    public override float[] Backward(ReadOnlySpan<float> codes, ReadOnlySpan<float> gradient)
    {
        float[] result = new float[scores.Length];
        Span<double> probability = stackalloc double[labels.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            bool projected = double.IsPositiveInfinity(_beta);
            if (!projected)
            {
                Probabilities(i, probability);
            }

            for (int l = 0; l < labels.Length; l++)
            {
                result[(i * labels.Length) + l] = (float)(gradient[i] * (projected ? labels[l] : _beta * probability[l] * (labels[l] - codes[i])));
            }
        }

        return result;
    }

    public override sbyte[] Harden()
    {
        sbyte[] codes = new sbyte[scores.Length / labels.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)labels[Best(i)];
        }

        return codes;
    }

    private void Probabilities(int weight, Span<double> probability)
    {
        ReadOnlySpan<float> own = scores.AsSpan(weight * labels.Length, labels.Length);
        double largest = own[Best(weight)], sum = 0;
        for (int l = 0; l < labels.Length; l++)
        {
            sum += probability[l] = Math.Exp(_beta * (own[l] - largest));
        }

        for (int l = 0; l < labels.Length; l++)
        {
            probability[l] /= sum;
        }
    }

    private int Best(int weight)
    {
        int best = 0;
        for (int l = 1; l < labels.Length; l++)
        {
            best = scores[(weight * labels.Length) + l] > scores[(weight * labels.Length) + best] ? l : best;
        }

        return best;
    }
}
