namespace Hawq.Quantization.Rounding;

/// <summary>
/// Proximal mean-field rounding (Ajanthan et al., "Proximal Mean-field for Neural Network Quantization", arXiv 1812.04353), here for rounding with a layer loss: every
/// weight chooses between the two neighbouring codes by a softmax over the two labels whose inverse temperature beta is annealed until it is a choice. Adam on the auxiliary
/// variables; the best rounding met on the way is kept, so the result is never worse than nearest.
/// </summary>
internal sealed class ProximalMeanField
{
    /// <summary>Steps of Adam.</summary>
    public int Steps { get; init; } = 2000;

    /// <summary>Inverse temperature at the start.</summary>
    public double Beta { get; init; } = 2;

    /// <summary>Growth of beta.</summary>
    public double Growth { get; init; } = 1.05;

    /// <summary>Steps between growths.</summary>
    public int Every { get; init; } = 20;

    /// <summary>Learning rate.</summary>
    public float LearningRate { get; init; } = .02f;

    private const double LargestBeta = 1e4;
    private const int Check = 50;

    /// <summary>Rounds rows.</summary>
    /// <param name="weights">Weights in units of their row's scale.</param>
    /// <param name="grid">The codes.</param>
    /// <param name="form">Layer loss.</param>
    public float[] Round(float[] weights, CodeGrid grid, QuadraticForm form)
    {
        int n = weights.Length;
        float unit = 0; // the loss in units of its mean diagonal, so that the learning rate fits every layer
        for (int k = 0; k < form.Size; k++)
        {
            unit += form.Diagonal(k) / form.Size;
        }

        float[] lower = new float[n], auxiliary = new float[n], first = new float[n], second = new float[n], soft = new float[n], difference = new float[n];
        for (int i = 0; i < n; i++)
        {
            lower[i] = grid.Below(weights[i]);
            auxiliary[i] = (2 * Math.Clamp((weights[i] - lower[i]) / grid.Step, 0, 1)) - 1;
        }

        float[] best = CodeRounding.Nearest(weights, grid);
        double[] bestLoss = form.Loss(best, weights);
        double beta = Beta;
        for (int step = 1; step <= Steps; step++)
        {
            for (int i = 0; i < n; i++)
            {
                soft[i] = (float)Sigmoid(beta * auxiliary[i]);
                difference[i] = lower[i] + (grid.Step * soft[i]) - weights[i];
            }

            float[] gradient = form.Multiply(difference);
            float correction1 = 1 - MathF.Pow(.9f, step), correction2 = 1 - MathF.Pow(.999f, step);
            for (int i = 0; i < n; i++)
            {
                float g = grid.Step * (float)beta * soft[i] * (1 - soft[i]) * gradient[i] / unit;
                first[i] = (.9f * first[i]) + (.1f * g);
                second[i] = (.999f * second[i]) + (.001f * g * g);
                auxiliary[i] -= LearningRate * (first[i] / correction1) / (MathF.Sqrt(second[i] / correction2) + 1e-8f);
            }

            if (step % Every == 0)
            {
                beta = Math.Min(beta * Growth, LargestBeta);
            }

            if (step % Check == 0 || step == Steps)
            {
                KeepBetter(weights, grid, form, lower, auxiliary, best, bestLoss);
            }
        }

        return best;
    }

    private static void KeepBetter(float[] weights, CodeGrid grid, QuadraticForm form, float[] lower, float[] auxiliary, float[] best, double[] bestLoss)
    {
        float[] hard = new float[weights.Length];
        for (int i = 0; i < hard.Length; i++)
        {
            hard[i] = i % form.Stride < form.Size ? lower[i] + (auxiliary[i] > 0 ? grid.Step : 0) : 0;
        }

        double[] loss = form.Loss(hard, weights);
        for (int row = 0; row < loss.Length; row++)
        {
            if (loss[row] < bestLoss[row])
            {
                bestLoss[row] = loss[row];
                hard.AsSpan(row * form.Stride, form.Stride).CopyTo(best.AsSpan(row * form.Stride));
            }
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
