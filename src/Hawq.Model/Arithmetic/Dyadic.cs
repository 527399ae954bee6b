namespace Hawq.Model;

/// <summary>
/// A dyadic number b / 2^c: the only kind of scale that exists at inference time (HAWQ-V3, arXiv 2011.10680).
/// </summary>
/// <param name="Multiplier">b, in [2^30, 2^31).</param>
/// <param name="Shift">c, in [<see cref="MinShift"/>, <see cref="MaxShift"/>].</param>
public readonly record struct Dyadic(int Multiplier, int Shift)
{
    /// <summary>Smallest legal c: rounding adds 2^(c-1).</summary>
    public const int MinShift = 1;

    /// <summary>Largest legal c: with c = 62 an int32 times b still fits in int64 after the rounding term.</summary>
    public const int MaxShift = 62;

    /// <summary>Smallest legal b, 2^30.</summary>
    public const int MinMultiplier = 1 << 30;

    /// <summary>Whether b and c are both in their legal ranges.</summary>
    public bool IsValid => Multiplier >= MinMultiplier && Shift >= MinShift && Shift <= MaxShift;

    /// <summary>The real value b / 2^c, for reports.</summary>
    public double Value => Multiplier * Math.Pow(2, -Shift);

    /// <summary>
    /// The dyadic number nearest to <paramref name="real"/>: m * 2^e with m in [0.5, 1), b = round(m * 2^31) with ties away
    /// from zero, c = 31 - e; a carry to 2^31 becomes 2^30 and c - 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="real"/> is not a positive finite number, or c would leave
    /// [<see cref="MinShift"/>, <see cref="MaxShift"/>].</exception>
    public static Dyadic FromReal(double real)
    {
        if (!(real > 0) || double.IsInfinity(real))
        {
            throw new ArgumentOutOfRangeException(nameof(real), real, "A dyadic multiplier must be a positive finite number.");
        }

        // Exact: the exponent and the 53-bit significand are read from the bits; subnormals are far outside the legal range.
        long bits = BitConverter.DoubleToInt64Bits(real);
        int exponent = (int)((bits >> 52) & 0x7FF) - 1022;
        long significand = (bits & 0xF_FFFF_FFFF_FFFF) | 0x10_0000_0000_0000;
        long b = (significand + (1L << 21)) >> 22; // 53 bits to 31, half away from zero (the value is positive)
        int c = 31 - exponent;
        if (b == 1L << 31)
        {
            b >>= 1;
            c--;
        }

        if (c is < MinShift or > MaxShift)
        {
            throw new ArgumentOutOfRangeException(nameof(real), real, $"The dyadic shift {c} is outside [{MinShift}, {MaxShift}].");
        }

        return new Dyadic((int)b, c);
    }

    /// <summary>
    /// M = double(float32(inputScale * weightScale)) / double(outputScale), as a dyadic number (TVM's QNN lowering and
    /// HAWQ-V3's reference code round the product once to float32).
    /// </summary>
    public static Dyadic FromScales(float inputScale, float weightScale, float outputScale)
    {
        float product = (float)((double)inputScale * weightScale); // one rounding: the double product of two floats is exact
        return FromReal((double)product / outputScale);
    }

    /// <summary>The nearest dyadic number whose b has only <paramref name="bits"/> significant bits: at most 2^-bits of it away.</summary>
    /// <param name="bits">1 to 31.</param>
    public Dyadic Shortened(int bits)
    {
        int dropped = 31 - bits;
        if (dropped == 0)
        {
            return this;
        }

        long b = (Multiplier + (1L << (dropped - 1))) >> dropped << dropped;
        return b == 1L << 31 ? new Dyadic(MinMultiplier, Shift - 1) : new Dyadic((int)b, Shift);
    }

    /// <summary>
    /// Whether (value * b' + 2^(c'-1)) >> c', with b' = b / 2^dropped and c' = c - dropped, needs no more than int32 for every value of at most
    /// <paramref name="magnitude"/>. It is the definition where b' is whole.
    /// </summary>
    public bool FitsInt32(int dropped, long magnitude)
    {
        int shift = Shift - dropped;
        return shift is >= 1 and <= 31 && (magnitude * (Multiplier >> dropped)) + (1L << (shift - 1)) <= int.MaxValue;
    }

    /// <summary>(value * b + 2^(c-1)) >> c: round half up, no clamp. The product must fit in int64, so |value| below 2^32.</summary>
    public long Requantize(long value) => checked((value * Multiplier) + (1L << (Shift - 1))) >> Shift;

    /// <inheritdoc/>
    public override string ToString() => $"{Multiplier}/2^{Shift}";
}
