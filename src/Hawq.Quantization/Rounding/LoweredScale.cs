namespace Hawq.Quantization.Rounding;

/// <summary>Scales at which a channel's largest code is lowered by 1, 2, ... (overflow-aware quantization, arXiv 2005.13297).</summary>
internal static class LoweredScale
{
    /// <summary>The scale at an attempt: the largest code lowered by as much, in growing steps beyond eight; then twice and twice again, until every code is 0.</summary>
    /// <param name="scale">Scale without lowering.</param>
    /// <param name="limit">Largest code at that scale.</param>
    /// <param name="attempt">1, 2, ...</param>
    public static double At(double scale, int limit, int attempt)
    {
        double largest = limit;
        for (int i = 0; i < attempt; i++)
        {
            largest = largest > 1 ? Math.Max(1, largest - Math.Max(1, Math.Floor((limit - largest) / 8))) : largest / 2;
        }

        return scale * limit / largest;
    }

    /// <summary>The first attempt, from 0, at which nearest rounding holds.</summary>
    public static int FirstAttempt(ReadOnlySpan<float> weights, double scale, CodeGrid grid, Func<ReadOnlyMemory<float>, bool> holds)
    {
        float[] codes = new float[weights.Length];
        for (int attempt = 0; ; attempt++)
        {
            double lowered = At(scale, grid.Limit, attempt);
            for (int k = 0; k < codes.Length; k++)
            {
                codes[k] = grid.Nearest((float)(weights[k] / lowered));
            }

            if (holds(codes))
            {
                return attempt;
            }
        }
    }
}
