namespace Hawq.Quantization.Rounding;

/// <summary>
/// Ways to round rows of weights to integer codes; weights are in units of their row's scale, rows padded to the stride of the quadratic form.
/// </summary>
internal static class CodeRounding
{
    /// <summary>A code is changed only when the loss falls by more than this share of the diagonal: float32 noise.</summary>
    private const float LeastGain = 1e-7f;

    /// <summary>The nearest code, ties up, clamped.</summary>
    public static float[] Nearest(float[] weights, CodeGrid grid) => Array.ConvertAll(weights, w => grid.Nearest(w));

    /// <summary>
    /// Error feedback (GPTQ, arXiv 2210.17323; optimal brain quantization with a fixed order): weights are rounded one by one, and each error is carried over to the weights
    /// that are still free. Written without an inverse: with H = R R^T, R upper triangular, the loss is the squared length of R^T d, whose i-th
    /// component depends on the first i errors only; each code makes its component as small as it can (Babai's nearest plane).
    /// </summary>
    public static float[] ErrorFeedback(float[] weights, CodeGrid grid, QuadraticForm form)
    {
        int size = form.Size, stride = form.Stride;
        (int[] order, float[] upper) = form.Factor;
        float[] codes = new float[weights.Length];
        Parallel.For(0, weights.Length / stride, row =>
        {
            float[] carried = new float[stride]; // sum over fixed weights j of R[j, i] d[j]
            for (int i = 0; i < size; i++)
            {
                float weight = weights[(row * stride) + order[i]];
                ReadOnlySpan<float> factor = upper.AsSpan(i * stride, stride);
                float code = grid.Nearest(weight - (carried[i] / factor[i]));
                codes[(row * stride) + order[i]] = code;
                QuadraticForm.AddScaled(carried, factor, code - weight);
            }
        });
        return codes;
    }

    /// <summary>
    /// Coordinate descent (iterated conditional modes) from given codes: each code in turn takes the value that minimizes the loss with the others fixed, until none changes.
    /// The loss never rises.
    /// </summary>
    public static float[] CoordinateDescent(float[] weights, CodeGrid grid, QuadraticForm form, float[] start, int sweeps)
    {
        int size = form.Size, stride = form.Stride;
        float[] codes = (float[])start.Clone();
        Parallel.For(0, weights.Length / stride, row =>
        {
            Span<float> code = codes.AsSpan(row * stride, stride);
            ReadOnlySpan<float> weight = weights.AsSpan(row * stride, stride);
            float[] gradient = new float[stride]; // H d, half the gradient
            for (int k = 0; k < size; k++)
            {
                QuadraticForm.AddScaled(gradient, form.Row(k), code[k] - weight[k]);
            }

            for (int sweep = 0; sweep < sweeps; sweep++)
            {
                bool changed = false;
                for (int k = 0; k < size; k++)
                {
                    float curvature = form.Diagonal(k);
                    if (curvature <= 0)
                    {
                        continue;
                    }

                    float change = grid.Nearest(code[k] - (gradient[k] / curvature)) - code[k];
                    if (change != 0 && change * ((2 * gradient[k]) + (change * curvature)) < -LeastGain * curvature)
                    {
                        code[k] += change;
                        QuadraticForm.AddScaled(gradient, form.Row(k), change);
                        changed = true;
                    }
                }

                if (!changed)
                {
                    break;
                }
            }
        });
        return codes;
    }
}
