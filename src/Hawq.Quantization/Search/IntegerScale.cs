namespace Hawq.Quantization.Search;

/// <summary>
/// Turns real coefficients into the integers that CP-SAT takes, without losing what decides between two assignments.
/// </summary>
internal static class IntegerScale
{
    /// <summary>
    /// The sum of objective ranges becomes at most this. Published HAWQ-V3 instances have gaps between best and second best of 1.9e-5 of a
    /// sum of about 1, so twelve digits leave seven to spare, and the solver's own sums stay far from int64's end.
    /// </summary>
    private const double MaxObjectiveRange = 1e12;

    /// <summary>Largest integer sum of one cost: doubles inside the solver's relaxation still hold it exactly.</summary>
    private const decimal MaxCostSum = 9_007_199_254_740_992m;

    /// <summary>
    /// The power of ten by which objectives are multiplied, before rounding to the nearest integer.
    /// </summary>
    /// <param name="range">Sum over layers of largest minus smallest objective.</param>
    public static double ForObjective(double range)
    {
        if (!(range > 0))
        {
            return 1;
        }

        double exponent = Math.Floor(Math.Log10(MaxObjectiveRange / range));
        return Math.Pow(10, Math.Min(exponent, 300));
    }

    /// <summary>
    /// The power of ten by which a cost is multiplied: large enough for every digit of every value where the sum allows it; otherwise
    /// values are rounded up and the limit down, so that what the solver accepts does fit.
    /// </summary>
    /// <param name="values">All values of the cost, at least 0.</param>
    /// <param name="largestSum">Sum over layers of the largest value.</param>
    public static decimal ForCost(IEnumerable<decimal> values, decimal largestSum)
    {
        int digits = 0;
        foreach (decimal value in values)
        {
            digits = Math.Max(digits, Decimals(value));
        }

        decimal scale = 1;
        for (; digits > 0 && largestSum * scale * 10 <= MaxCostSum; digits--)
        {
            scale *= 10;
        }

        while (largestSum * scale > MaxCostSum)
        {
            scale /= 10;
        }

        return scale;
    }

    /// <summary>A cost in the solver's integers, rounded up.</summary>
    public static long Cost(decimal value, decimal scale) => (long)Math.Ceiling(value * scale);

    /// <summary>A limit in the solver's integers, rounded down; a limit that no sum can reach is cut to that.</summary>
    public static long Limit(decimal limit, decimal scale) =>
        limit >= MaxCostSum / scale ? (long)MaxCostSum : limit < 0 ? -1 : (long)Math.Floor(limit * scale);

    private static int Decimals(decimal value)
    {
        int digits = 0;
        for (decimal rest = value - Math.Truncate(value); rest != 0; digits++)
        {
            rest *= 10;
            rest -= Math.Truncate(rest);
        }

        return digits;
    }
}
