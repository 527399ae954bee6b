namespace Hawq.Model;

/// <summary>
/// Requantize with the upper 16 bits of a dyadic number b / 2^c, rounded: ((value * b' >> 16) + 2^(c-33)) >> (c-32) with b' = round(b / 2^16), which 16-bit
/// arithmetic can do. It is another function than the definition (<see cref="Dyadic.Requantize"/>), and may stand for it only where both are proven equal.
/// </summary>
public static class UpperHalf
{
    /// <summary>Smallest c with a rounding term.</summary>
    public const int MinShift = 33;

    /// <summary>Largest c whose rounding term, added to a product of 15 bits, stays in int16.</summary>
    public const int MaxShift = 47;

    /// <summary>b': the upper 16 bits of b, rounded; 2^15, which int16 does not hold, for the largest b.</summary>
    public static int Of(Dyadic dyadic) => (int)((dyadic.Multiplier + (1L << 15)) >> 16);

    /// <summary>The value of the short form; c in [<see cref="MinShift"/>, <see cref="MaxShift"/>].</summary>
    public static long Requantize(Dyadic dyadic, long value) => (((value * Of(dyadic)) >> 16) + (1L << (dyadic.Shift - 33))) >> (dyadic.Shift - 32);

    /// <summary>
    /// Whether both forms, clamped to [<paramref name="codeLo"/>, <paramref name="codeHi"/>], agree on every value of [<paramref name="lo"/>, <paramref name="hi"/>], and the short one
    /// stays inside where the definition does. Both are monotone, so they agree if they reach every code at the same value.
    /// </summary>
    /// <remarks>A few operations per code: meant for at most 256 codes.</remarks>
    public static bool EqualsDefinition(Dyadic dyadic, long lo, long hi, long codeLo, long codeHi)
    {
        if (dyadic.Shift is < MinShift or > MaxShift || Of(dyadic) > short.MaxValue)
        {
            return false;
        }

        long smallest = dyadic.Requantize(lo);
        long largest = dyadic.Requantize(hi);
        if ((smallest >= codeLo && Requantize(dyadic, lo) < smallest) || (largest <= codeHi && Requantize(dyadic, hi) > largest))
        {
            return false;
        }

        for (long code = Math.Max(smallest, codeLo) + 1; code <= Math.Min(largest, codeHi); code++)
        {
            // The smallest value with value * b + 2^(c-1) >= code * 2^c.
            long above = (code << dyadic.Shift) - (1L << (dyadic.Shift - 1)) + dyadic.Multiplier - 1;
            long threshold = (above / dyadic.Multiplier) - (above % dyadic.Multiplier < 0 ? 1 : 0);
            if (Requantize(dyadic, threshold) < code || Requantize(dyadic, threshold - 1) >= code)
            {
                return false;
            }
        }

        return true;
    }
}
