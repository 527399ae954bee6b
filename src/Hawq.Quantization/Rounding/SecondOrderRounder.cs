using Hawq.Quantization.Recipe;

namespace Hawq.Quantization.Rounding;

/// <summary>Rounded rows of weights.</summary>
/// <param name="Codes">Codes, rows padded.</param>
/// <param name="Scales">Step per row.</param>
/// <param name="Loss">Layer loss (damped) of the codes in real units, summed over rows.</param>
/// <param name="NearestLoss">The same of nearest rounding with the largest weight at the largest code.</param>
/// <param name="Path">The steps that led there, in order; empty where nothing was measured.</param>
internal sealed record RoundedRows(float[] Codes, double[] Scales, double Loss, double NearestLoss, IReadOnlyList<RoundingStep> Path);

/// <summary>What the weights after one step of the recipe do to the layer's output.</summary>
/// <param name="Name">The step.</param>
/// <param name="Change">Mean squared error of the output, summed over rows, minus that of the float weights on the quantized input; the bias takes the means.</param>
internal readonly record struct RoundingStep(string Name, double Change);

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
    private const int EightBits = 127;

    /// <summary>Rounds rows.</summary>
    /// <param name="weights">Float weights in real units, rows padded to the statistics' stride.</param>
    /// <param name="grid">The codes.</param>
    /// <param name="statistics">Of the layer's quantized input.</param>
    /// <param name="inputScale">Real step of an input code.</param>
    /// <param name="holds">What the codes of a row must satisfy, or null; all zeros satisfy it. A row that does not is rounded again at a larger scale.</param>
    public RoundedRows Round(float[] weights, CodeGrid grid, InputStatistics statistics, double inputScale, Func<ReadOnlyMemory<float>, bool>? holds = null)
    {
        int stride = statistics.Stride;
        QuadraticForm form = new(statistics.Damped(Damping), statistics.Size, stride);
        RoundingPath path = new(weights, statistics, form, Damping, inputScale);
        if (path.IsMeasured)
        {
            double[] unfitted = MaximumScales(weights, statistics.Size, stride, grid);
            path.Add("nearest", CodeRounding.Nearest(Normalize(weights, unfitted, stride), grid), unfitted);
        }

        if (options.Refit && statistics.ErrorCovariance.Length > 0)
        {
            weights = Refit(weights, statistics, inputScale);
        }

        double[] largest = MaximumScales(weights, statistics.Size, stride, grid);
        double[] scales = grid.Limit == EightBits || options.Scaling == WeightScaling.Largest
            ? [.. largest]
            : SearchScales(weights, grid, options.Scaling == WeightScaling.LayerLoss ? form : form.Identity(), largest);
        double[] start = [.. scales];
        float[] nearest = CodeRounding.Nearest(Normalize(weights, largest, stride), grid);
        if (path.IsMeasured && options.Refit)
        {
            path.Add("refit", nearest, largest);
        }

        if (path.IsMeasured && options.Scaling != WeightScaling.Largest && grid.Limit != EightBits)
        {
            path.Add("scales", CodeRounding.Nearest(Normalize(weights, scales, stride), grid), scales);
        }

        float[] codes = RoundAt(weights, grid, form, scales, path);
        if (holds is not null)
        {
            LowerUntil(holds, weights, grid, form, start, scales, codes);
            path.Add("int16 demand", codes, scales);
        }

        double loss = RealLoss(weights, codes, scales, form);
        double nearestLoss = RealLoss(weights, nearest, largest, form);
        return new RoundedRows(codes, scales, loss, nearestLoss, path.Steps);
    }

    /// <summary>Codes at given scales; the scales are then fitted to the codes.</summary>
    private float[] RoundAt(float[] weights, CodeGrid grid, QuadraticForm form, double[] scales, RoundingPath? path = null)
    {
        int stride = form.Stride;
        float[] normalized = Normalize(weights, scales, stride);
        float[] nearest = CodeRounding.Nearest(normalized, grid);
        float[] codes = Round(normalized, grid, form, nearest);
        codes = BetterRows(normalized, form, codes, nearest);
        path?.Add("rounding", codes, scales);
        for (int refit = 0; refit < options.ScaleRefits; refit++)
        {
            FitScales(weights, codes, scales, form);
            if (options.Rounding is not (RoundingMethod.Nearest or RoundingMethod.ErrorFeedback))
            {
                codes = CodeRounding.CoordinateDescent(Normalize(weights, scales, stride), grid, form, codes, Sweeps);
            }
        }

        if (options.ScaleRefits > 0)
        {
            path?.Add("scale fit", codes, scales);
        }

        return codes;
    }

    /// <summary>Rounds the rows that do not hold again, their largest code lowered by 1, 2, ... and in the end to nothing, until all hold.</summary>
    private void LowerUntil(
        Func<ReadOnlyMemory<float>, bool> holds, float[] weights, CodeGrid grid, QuadraticForm form, double[] start, double[] scales, float[] codes)
    {
        int stride = form.Stride;
        int[] attempts = new int[scales.Length];
        while (true)
        {
            int[] rows = [.. Enumerable.Range(0, scales.Length).Where(row => !holds(codes.AsMemory(row * stride, form.Size)))];
            if (rows.Length == 0)
            {
                return;
            }

            float[] part = new float[rows.Length * stride];
            foreach (int row in rows)
            {
                // Where nearest rounding is far from holding, nothing else holds.
                attempts[row] = attempts[row] > 0
                    ? attempts[row] + 1
                    : Math.Max(1, LoweredScale.FirstAttempt(weights.AsSpan(row * stride, form.Size), start[row], grid, holds) - 1);
            }

            double[] partScales = [.. rows.Select(row => LoweredScale.At(start[row], grid.Limit, attempts[row]))];
            for (int i = 0; i < rows.Length; i++)
            {
                weights.AsSpan(rows[i] * stride, stride).CopyTo(part.AsSpan(i * stride));
            }

            float[] partCodes = RoundAt(part, grid, form, partScales);
            for (int i = 0; i < rows.Length; i++)
            {
                partCodes.AsSpan(i * stride, stride).CopyTo(codes.AsSpan(rows[i] * stride));
                scales[rows[i]] = partScales[i];
            }
        }
    }

    private float[] Round(float[] normalized, CodeGrid grid, QuadraticForm form, float[] nearest)
    {
        float[] Descend(float[] start) => CodeRounding.CoordinateDescent(normalized, grid, form, start, Sweeps);
        // A layer too wide to factor starts its descent from nearest. Not compared with error feedback: no wide network has been measured here.
        float[] Feedback() => form.Size <= LinearAlgebra.FactorLimit ? CodeRounding.ErrorFeedback(normalized, grid, form) : nearest;
        float[] MeanField() => Descend(new ProximalMeanField().Round(normalized, grid, form));
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
    public static RoundedRows Nearest(float[] weights, int size, int stride, CodeGrid grid)
    {
        double[] scales = MaximumScales(weights, size, stride, grid);
        return new RoundedRows(CodeRounding.Nearest(Normalize(weights, scales, stride), grid), scales, 0, 0, []);
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

    private static double[] MaximumScales(float[] weights, int size, int stride, CodeGrid grid)
    {
        double[] scales = new double[weights.Length / stride];
        for (int row = 0; row < scales.Length; row++)
        {
            double scale = grid.LargestScale(weights.AsSpan(row * stride, size));
            scales[row] = scale > 0 ? scale : 1;
        }

        return scales;
    }

    /// <summary>Per row, the scale among 53 between the largest and <see cref="CodeGrid.SmallestScale"/> of it at which nearest rounding loses least.</summary>
    private static double[] SearchScales(float[] weights, CodeGrid grid, QuadraticForm form, double[] largest)
    {
        double[][] losses = new double[ScaleCandidates][];
        Parallel.For(0, ScaleCandidates, candidate =>
        {
            double[] scales = Candidate(largest, candidate, grid);
            losses[candidate] = form.Loss(Denormalize(CodeRounding.Nearest(Normalize(weights, scales, form.Stride), grid), scales, form.Stride), weights);
        });
        double[] best = new double[largest.Length];
        for (int row = 0; row < best.Length; row++)
        {
            int choice = 0;
            for (int candidate = 1; candidate < ScaleCandidates; candidate++)
            {
                choice = losses[candidate][row] < losses[choice][row] ? candidate : choice;
            }

            best[row] = Candidate(largest, choice, grid)[row];
        }

        return best;
    }

    private static double[] Candidate(double[] largest, int candidate, CodeGrid grid) =>
        Array.ConvertAll(largest, s => s * (1 - ((1 - grid.SmallestScale) * candidate / (ScaleCandidates - 1))));

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
