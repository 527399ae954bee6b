using Hawq.Quantization.Recipe;

namespace Hawq.Quantization.Rounding;

/// <summary>Rounded rows of weights.</summary>
/// <param name="Codes">Codes, rows padded.</param>
/// <param name="Scales">Step per row.</param>
/// <param name="Loss">Layer loss (damped) of the codes in real units, summed over rows.</param>
/// <param name="NearestLoss">The same of nearest rounding with the largest weight at the largest code.</param>
internal sealed record RoundedRows(float[] Codes, double[] Scales, double Loss, double NearestLoss);

/// <summary>
/// The 4-bit recipe for the rows of one channel group: least-squares refit of the weights to the quantized input, scale per channel by the layer loss,
/// error feedback, coordinate descent, never worse than nearest, scale fitted to the codes.
/// </summary>
/// <param name="options">The steps.</param>
internal sealed class SecondOrderRounder(RecipeOptions options)
{
    /// <summary>Damping of H by its mean diagonal; in the prototype .001 to .1 made no measurable difference.</summary>
    private const double Damping = .01;

    /// <summary>Ridge of the least-squares refit.</summary>
    private const double Ridge = .05;

    /// <summary>Sweeps of coordinate descent at most.</summary>
    private const int Sweeps = 20;

    private const int ScaleCandidates = 53;
    private const double SmallestScale = .35;

    /// <summary>Rounds rows.</summary>
    /// <param name="weights">Float weights in real units, rows padded to the statistics' stride.</param>
    /// <param name="bits">Weight bits.</param>
    /// <param name="statistics">Of the layer's quantized input.</param>
    /// <param name="inputScale">Real step of an input code.</param>
    public RoundedRows Round(float[] weights, int bits, InputStatistics statistics, double inputScale)
    {
        int stride = statistics.Stride, rows = weights.Length / stride, limit = (1 << (bits - 1)) - 1;
        QuadraticForm form = new(statistics.Damped(Damping), statistics.Size, stride);
        if (options.Refit && statistics.ErrorCovariance.Length > 0)
        {
            weights = Refit(weights, statistics, inputScale);
        }

        double[] largest = MaximumScales(weights, stride, limit);
        double[] scales = bits == 8 || options.Scaling == WeightScaling.Largest
            ? [.. largest]
            : SearchScales(weights, limit, options.Scaling == WeightScaling.LayerLoss ? form : form.Identity(), largest);
        float[] normalized = Normalize(weights, scales, stride);
        float[] nearest = CodeRounding.Nearest(normalized, limit);
        float[] codes = Round(normalized, limit, form, nearest);
        codes = BetterRows(normalized, form, codes, nearest);
        for (int refit = 0; refit < options.ScaleRefits; refit++)
        {
            FitScales(weights, codes, scales, form);
            if (options.Rounding is not (RoundingMethod.Nearest or RoundingMethod.ErrorFeedback))
            {
                codes = CodeRounding.CoordinateDescent(Normalize(weights, scales, stride), limit, form, codes, Sweeps);
            }
        }

        double loss = RealLoss(weights, codes, scales, form);
        double nearestLoss = RealLoss(weights, CodeRounding.Nearest(Normalize(weights, largest, stride), limit), largest, form);
        return new RoundedRows(codes, scales, loss, nearestLoss);
    }

    private float[] Round(float[] normalized, int limit, QuadraticForm form, float[] nearest)
    {
        float[] Descend(float[] start) => CodeRounding.CoordinateDescent(normalized, limit, form, start, Sweeps);
        // A layer too wide to factor starts its descent from nearest. Not compared with error feedback: no wide network has been measured here.
        float[] Feedback() => form.Size <= LinearAlgebra.FactorLimit ? CodeRounding.ErrorFeedback(normalized, limit, form) : nearest;
        float[] MeanField() => Descend(new ProximalMeanField().Round(normalized, limit, form));
        return options.Rounding switch
        {
            RoundingMethod.Nearest => nearest,
            RoundingMethod.ErrorFeedback => Feedback(),
            RoundingMethod.Descent => Descend(nearest),
            RoundingMethod.FeedbackAndDescent => Descend(Feedback()),
            RoundingMethod.MeanField => MeanField(),
            _ => BetterRows(normalized, form, MeanField(), Descend(Feedback())),
        };
    }

    /// <summary>Nearest rounding with the largest weight at the largest code, for rows without statistics.</summary>
    public static RoundedRows Nearest(float[] weights, int stride, int bits)
    {
        int limit = (1 << (bits - 1)) - 1;
        double[] scales = MaximumScales(weights, stride, limit);
        return new RoundedRows(CodeRounding.Nearest(Normalize(weights, scales, stride), limit), scales, 0, 0);
    }

    /// <summary>W + Cov(e, x) (Cov(x) + ridge)^-1, in the units of codes and back.</summary>
    private float[] Refit(float[] weights, InputStatistics statistics, double inputScale)
    {
        QuadraticForm ridge = new(statistics.Damped(Ridge), statistics.Size, statistics.Stride);
        double[] change = LinearAlgebra.Solve(ridge, statistics.ErrorCovariance);
        float[] result = new float[weights.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)(weights[i] + (change[i] / inputScale));
        }

        return result;
    }

    private static double[] MaximumScales(float[] weights, int stride, int limit)
    {
        double[] scales = new double[weights.Length / stride];
        for (int row = 0; row < scales.Length; row++)
        {
            float max = 0;
            foreach (float weight in weights.AsSpan(row * stride, stride))
            {
                max = Math.Max(max, Math.Abs(weight));
            }

            scales[row] = max > 0 ? (double)max / limit : 1;
        }

        return scales;
    }

    /// <summary>Per row, the scale among 53 between 1 and 0.35 of the largest at which nearest rounding loses least.</summary>
    private static double[] SearchScales(float[] weights, int limit, QuadraticForm form, double[] largest)
    {
        double[][] losses = new double[ScaleCandidates][];
        Parallel.For(0, ScaleCandidates, candidate =>
        {
            double[] scales = Candidate(largest, candidate);
            losses[candidate] = form.Loss(Denormalize(CodeRounding.Nearest(Normalize(weights, scales, form.Stride), limit), scales, form.Stride), weights);
        });
        double[] best = new double[largest.Length];
        for (int row = 0; row < best.Length; row++)
        {
            int choice = 0;
            for (int candidate = 1; candidate < ScaleCandidates; candidate++)
            {
                choice = losses[candidate][row] < losses[choice][row] ? candidate : choice;
            }

            best[row] = Candidate(largest, choice)[row];
        }

        return best;
    }

    private static double[] Candidate(double[] largest, int candidate) =>
        Array.ConvertAll(largest, s => s * (1 - ((1 - SmallestScale) * candidate / (ScaleCandidates - 1))));

    /// <summary>s = w^T H q / q^T H q, unless that leaves [s/2, 2s].</summary>
    private static void FitScales(float[] weights, float[] codes, double[] scales, QuadraticForm form)
    {
        float[] product = form.Multiply(codes);
        double[] own = form.Dot(product, codes), cross = form.Dot(product, weights);
        for (int row = 0; row < scales.Length; row++)
        {
            double fitted = own[row] > 0 ? cross[row] / own[row] : 0;
            if (fitted > scales[row] / 2 && fitted < scales[row] * 2)
            {
                scales[row] = fitted;
            }
        }
    }

    /// <summary>Row by row the better of two; the second wins ties.</summary>
    private static float[] BetterRows(float[] normalized, QuadraticForm form, float[] first, float[] second)
    {
        double[] a = form.Loss(first, normalized), b = form.Loss(second, normalized);
        float[] result = (float[])second.Clone();
        for (int row = 0; row < a.Length; row++)
        {
            if (a[row] < b[row])
            {
                first.AsSpan(row * form.Stride, form.Stride).CopyTo(result.AsSpan(row * form.Stride));
            }
        }

        return result;
    }

    private static double RealLoss(float[] weights, float[] codes, double[] scales, QuadraticForm form) =>
        form.Loss(Denormalize(codes, scales, form.Stride), weights).Sum();

    private static float[] Normalize(float[] weights, double[] scales, int stride)
    {
        float[] result = new float[weights.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)(weights[i] / scales[i / stride]);
        }

        return result;
    }

    private static float[] Denormalize(float[] codes, double[] scales, int stride)
    {
        float[] result = new float[codes.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)(codes[i] * scales[i / stride]);
        }

        return result;
    }
}
