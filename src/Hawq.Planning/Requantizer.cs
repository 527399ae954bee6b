using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Which arithmetic computes (value * b + 2^(c-1)) >> c.</summary>
public enum RequantizeForm
{
    /// <summary>b / 2^c is 1: nothing to do.</summary>
    Identity,

    /// <summary>
    /// ((high 32 bits of (value &lt;&lt; k) * b) + 2^(c+k-33)) >> (c+k-32), all after the product in int32: equal because
    /// floor(x / 2^n) = floor(floor(x / 2^32) / 2^(n-32)) and, for n = c + k at least 33, the rounding term 2^(n-1) is a multiple of 2^32.
    /// </summary>
    HighHalf,

    /// <summary>
    /// (value * (b / 2^t) + 2^(c-t-1)) >> (c-t), all in int32, where 2^t divides every b and the product provably fits: what short multipliers are for
    /// (`hawq quantize --multipliers short`). The bias of the value is multiplied ahead; sums modulo 2^32 make that exact.
    /// </summary>
    Int32,

    /// <summary>The definition itself, in int64.</summary>
    Wide,
}

/// <summary>How one dyadic number, or one per channel, is applied.</summary>
/// <param name="Form">Arithmetic.</param>
/// <param name="PreShift">k of <see cref="RequantizeForm.HighHalf"/>, otherwise 0.</param>
/// <param name="Scalar">The dyadic number, or default where there is one per channel (<see cref="LinearWeights.Multipliers"/>).</param>
/// <param name="Result">Range of the result for the range of values that it was planned for, before any clamp.</param>
public sealed record Requantizer(RequantizeForm Form, int PreShift, Dyadic Scalar, ValueRange Result)
{
    /// <summary>t of <see cref="RequantizeForm.Int32"/>, otherwise 0.</summary>
    public int Dropped { get; init; }

    /// <summary>Whether every b / 2^t of <see cref="RequantizeForm.Int32"/> fits in int16: the instruction that widens int16 sums can then multiply by it.</summary>
    public bool MultipliersFitInt16 { get; init; }

    /// <summary>Whether the bias is multiplied ahead and part of the rounding term: accumulators then start at zero.</summary>
    public bool RoundingHoldsBias => Form == RequantizeForm.Int32;

    /// <summary>k is a multiple of this, so that layers whose multipliers differ a little have the same kernel.</summary>
    private const int PreShiftStep = 4;

    /// <summary>Plans a single multiplier for values in <paramref name="values"/>.</summary>
    public static Requantizer ForScalar(Dyadic dyadic, ValueRange values) => IsOne(dyadic)
        ? new(RequantizeForm.Identity, 0, dyadic, values)
        : ForChannels(EquatableArray.Of(dyadic), values) with { Scalar = dyadic };

    /// <summary>Plans one multiplier per channel for values in <paramref name="values"/>.</summary>
    public static Requantizer ForChannels(EquatableArray<Dyadic> dyadics, ValueRange values)
    {
        ValueRange result = new(dyadics.Min(d => d.Requantize(values.Lo)), dyadics.Max(d => d.Requantize(values.Hi)));
        int minShift = dyadics.Min(d => d.Shift);
        int maxShift = dyadics.Max(d => d.Shift);
        int needed = Math.Max(0, 33 - minShift);
        int preShift = (needed + PreShiftStep - 1) / PreShiftStep * PreShiftStep;

        // value << k must stay inside int32, and c + k - 32 must be a legal 32-bit shift whose rounding term leaves room for the high half
        // (at most 2^30 in magnitude).
        bool highHalf = preShift <= 30 && values.Lo << preShift >= int.MinValue && values.Hi << preShift <= int.MaxValue && maxShift + preShift <= 62;
        return highHalf
            ? new(RequantizeForm.HighHalf, preShift, default, result)
            : new(RequantizeForm.Wide, 0, default, result);
    }

    /// <summary>Plans one multiplier per channel for accumulators in <paramref name="values"/>: in int32 where they are short enough.</summary>
    public static Requantizer ForAccumulators(EquatableArray<Dyadic> dyadics, ValueRange values)
    {
        Requantizer requantizer = ForChannels(dyadics, values);
        int dropped = Math.Min(31 - ShortMultipliers.BitsOf(dyadics), dyadics.Min(d => d.Shift) - 1);
        if (!dyadics.All(d => d.FitsInt32(dropped, values.Magnitude)))
        {
            return requantizer;
        }

        bool int16 = dyadics.All(d => d.Multiplier >> dropped <= short.MaxValue);
        return requantizer with { Form = RequantizeForm.Int32, PreShift = 0, Dropped = dropped, MultipliersFitInt16 = int16 };
    }

    /// <summary>Rounding term 2^(c+k-33) of <see cref="RequantizeForm.HighHalf"/>.</summary>
    public int Rounding(Dyadic dyadic) => 1 << (dyadic.Shift + PreShift - 33);

    /// <summary>Final shift c+k-32 of <see cref="RequantizeForm.HighHalf"/>.</summary>
    public int FinalShift(Dyadic dyadic) => dyadic.Shift + PreShift - 32;

    private static bool IsOne(Dyadic dyadic) => dyadic is { Multiplier: 1 << 30, Shift: 30 };
}
