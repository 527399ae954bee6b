using Hawq.Model;

namespace Hawq.Planning;

/// <summary>How a dyadic number b / 2^c is applied to int16 lanes.</summary>
public enum ShortForm
{
    /// <summary>b / 2^c is 1: nothing to do.</summary>
    Identity,

    /// <summary>
    /// <see cref="UpperHalf"/>, all in int16: <see cref="RequantizeForm.HighHalf"/> with b rounded to its upper 16 bits. It is chosen only where it is proven equal.
    /// </summary>
    Narrow,

    /// <summary>
    /// (value * h + floor(value * l / 2^16) + 2^(c-17)) >> (c-16) in int32, with b = h * 2^16 + l and l in [-2^15, 2^15): equal to the definition, because
    /// the sum of the first two is floor(value * b / 2^16).
    /// </summary>
    Split,
}

/// <summary>
/// How an epilogue goes on in int16 lanes, of which a vector holds twice as many: the sum with the residual, the clamp and the stores. Narrowing to int16
/// saturates, and so does an addition of int16 lanes.
/// </summary>
/// <param name="Operand">
/// How the residual operand's multiplier is applied in int16 lanes, to which the value, narrowed, is then added; null where both are added in int32 and
/// their sum is narrowed.
/// </param>
/// <param name="Stores">How the multiplier of every store is applied.</param>
public sealed record ShortLanes(ShortForm? Operand, EquatableArray<ShortForm> Stores)
{
    /// <summary>Every code is checked, while the generator runs.</summary>
    private const int MostCodes = 256;

    private static readonly ValueRange s_short = new(short.MinValue, short.MaxValue);

    /// <summary>The int16 form of an epilogue, or null where there is none.</summary>
    /// <param name="residual">The sum; there is no such form for an operand of bytes, or a clamp outside int16.</param>
    /// <param name="sum">Range of the sum after its clamp.</param>
    /// <param name="stores">The stores.</param>
    internal static ShortLanes? For(ResidualAdd residual, ValueRange sum, IEnumerable<Store> stores)
    {
        Clamp clamp = residual.Clamp;
        ShortForm?[] forms = stores.Select(store => Fits(store) ? For(store.Requantize, sum, store.Clamp) : null).ToArray();
        bool shorts = residual.Operand is { Element: ElementType.Int16, StoredZero: 0 };
        if ((!shorts && residual.Operand.Element != ElementType.Int32) || clamp.Lo < short.MinValue || clamp.Hi > short.MaxValue || forms.Contains(null))
        {
            return null;
        }

        // The value saturates to int16 before the operand is added to it: the sum must then lie outside the clamp all the same.
        ValueRange value = residual.Self.Result;
        ValueRange other = residual.Other.Result;
        bool saturates = (value.Hi > short.MaxValue && short.MaxValue + other.Lo < clamp.Hi) || (value.Lo < short.MinValue && short.MinValue + other.Hi > clamp.Lo);
        ShortForm? rescale = shorts && Inside(other) && !saturates
            ? For(residual.Other, EpiloguePlanner.Centred(residual.Operand.Tensor), new Clamp(short.MinValue, short.MaxValue, false, false))
            : null;
        return new ShortLanes(rescale, forms.Select(form => form!.Value).ToArray());
    }

    /// <summary>How a multiplier is applied to int16 lanes in <paramref name="values"/>, or null where it cannot be.</summary>
    /// <param name="requantizer">The multiplier.</param>
    /// <param name="values">What it is applied to.</param>
    /// <param name="clamp">Clamp of the result, which takes place where the definition's result needs it.</param>
    public static ShortForm? For(Requantizer requantizer, ValueRange values, Clamp clamp)
    {
        if (requantizer.Form == RequantizeForm.Identity)
        {
            return ShortForm.Identity;
        }

        // h fits in int16, as do value * l / 2^16 on a machine that doubles the product (Arm), and the shift in int32; the sum stays below 2^30 + 2^30.
        Dyadic dyadic = requantizer.Scalar;
        bool split = requantizer.Form == RequantizeForm.HighHalf && values.Lo > short.MinValue && values.Hi <= short.MaxValue && Inside(requantizer.Result)
            && UpperHalf.Of(dyadic) <= short.MaxValue && dyadic.Shift is >= 17 and <= 47;
        bool narrow = split && (long)clamp.Hi - clamp.Lo < MostCodes && UpperHalf.EqualsDefinition(dyadic, values.Lo, values.Hi, clamp.Lo, clamp.Hi);
        return narrow ? ShortForm.Narrow : split ? ShortForm.Split : null;
    }

    /// <summary>
    /// Kernels that differ in their multipliers alone share their text if those take one form. So where fewer stores are <see cref="ShortForm.Narrow"/> than
    /// <see cref="ShortForm.Split"/> all are split, and where fewer operands with a multiplier are added in int16 than in int32, all are added in int32.
    /// </summary>
    internal static IEnumerable<Step> ShareForms(IReadOnlyList<Step> steps)
    {
        Epilogue[] epilogues = [.. steps.Select(EpilogueOf).OfType<Epilogue>().Where(epilogue => epilogue.Shorts is not null)];
        ShortForm[] stores = [.. epilogues.SelectMany(epilogue => epilogue.Shorts!.Stores)];
        ShortForm?[] operands = [.. epilogues.Where(epilogue => epilogue.Residual is { Operand.Element: ElementType.Int16, Other.Form: not RequantizeForm.Identity })
            .Select(epilogue => epilogue.Shorts!.Operand)];
        bool narrow = 2 * stores.Count(form => form == ShortForm.Narrow) >= stores.Count(form => form != ShortForm.Identity);
        bool rescaled = 2 * operands.Count(form => form is not null) >= operands.Length;
        return steps.Select(step => EpilogueOf(step) is { Shorts: { } shorts } epilogue ? With(step, epilogue with
        {
            Shorts = new ShortLanes(
                rescaled || shorts.Operand == ShortForm.Identity ? shorts.Operand : null,
                shorts.Stores.Select(form => form == ShortForm.Narrow && !narrow ? ShortForm.Split : form).ToArray()),
        }) : step);
    }

    private static Epilogue? EpilogueOf(Step step) => step switch
    {
        ConvStep conv => conv.Epilogue,
        ElementwiseStep elementwise => elementwise.Epilogue,
        _ => null,
    };

    private static Step With(Step step, Epilogue epilogue) => step is ConvStep conv
        ? conv with { Epilogue = epilogue, Proofs = conv.Proofs.Concat(Sentences(epilogue)).ToEquatableArray() }
        : ((ElementwiseStep)step) with { Epilogue = epilogue };

    private static IEnumerable<string> Sentences(Epilogue epilogue)
    {
        ResidualAdd residual = epilogue.Residual!;
        if (epilogue.Shorts!.Operand is not null)
        {
            ValueRange other = residual.Other.Result;
            yield return $"The residual is added in int16: where a value in {Proofs.Range(residual.Self.Result)} saturates, adding one in {Proofs.Range(other)} "
                + $"leaves [{Proofs.Number(residual.Clamp.Lo)}, {Proofs.Number(residual.Clamp.Hi)}] either way.";
        }

        if (epilogue.Shorts.Stores.Contains(ShortForm.Narrow))
        {
            yield return "The upper 16 bits of the next multiplier reach every code at the same values as all 31.";
        }
    }

    // int16 and byte targets; what is stored stays in int16 until it is narrowed.
    private static bool Fits(Store store) =>
        store.Target.Element != ElementType.Int32
        && Inside(new ValueRange(store.Requantize.Result.Lo + store.Target.StoredZero, store.Requantize.Result.Hi + store.Target.StoredZero));

    private static bool Inside(ValueRange range) => range.Lo >= s_short.Lo && range.Hi <= s_short.Hi;
}
