using Hawq.Training.Gradients;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Quantized;

/// <summary>
/// Integer arithmetic on a tape. Values are codes less their zero point, exact integers in float32; gradients are those of the real values that the
/// codes stand for, so that scales never enter the backward pass of additions and moves.
/// </summary>
internal static class IntegerRules
{
    /// <summary>Sums beyond this are not proven exact: 2^21 times a 31-bit multiplier, plus the rounding term, fits in the 53 bits of a double.</summary>
    public const int ExactSum = 1 << 21;

    private const long Double = 11;

    /// <summary>
    /// clamp(floor(sum * multiplier + 1/2)): with a dyadic multiplier and sums below <see cref="ExactSum"/> the requantization of integer-semantics.md to the
    /// bit. Straight-through gradient: real values pass where nothing was cut off.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="sum">Integers.</param>
    /// <param name="high">Upper half of the multiplier (<see cref="Halves"/>), of a shape that broadcasts; with <paramref name="low"/> null for 1.</param>
    /// <param name="low">Lower half.</param>
    /// <param name="lo">Smallest result.</param>
    /// <param name="hi">Largest result.</param>
    /// <param name="scale">Stands for the real scale of the result, [1]: receives the learned-step gradient; null where it is fixed.</param>
    public static TapeValue Requantize(this Tape tape, TapeValue sum, TapeValue? high, TapeValue? low, int lo, int hi, TapeValue? scale = null)
    {
        TapeValue steps = high is null || low is null
            ? sum
            : tape.Emit("Mul", sum.Dims, [tape.Cast(sum, Double), tape.Emit("Add", high.Dims, [tape.Cast(high, Double), tape.Cast(low, Double)])]);
        TapeValue rounded = ReferenceEquals(steps, sum)
            ? sum
            : tape.Cast(tape.Emit("Floor", sum.Dims, [tape.Emit("Add", sum.Dims, [steps, tape.Cast(tape.Scalar(.5), Double)])]), 1);

        // A range that is never reached (a branch of an addition) is not worth a comparison.
        bool open = lo <= -(1 << 23) && hi >= 1 << 23;
        TapeValue codes = open ? rounded : tape.Emit("Clip", sum.Dims, [rounded, tape.Scalar(lo), tape.Scalar(hi)]);
        TapeValue? u = null, cut = null;
        TapeValue Steps() => u ??= ReferenceEquals(steps, sum) ? sum : tape.Cast(steps, 1);
        TapeValue Cut() => cut ??= tape.Emit("Clip", sum.Dims, [Steps(), tape.Scalar(lo), tape.Scalar(hi)]);
        (TapeValue, Tape.Pullback?) through = (sum, g => open ? g : tape.Emit("Mul", g.Dims, [g, tape.Equal(Steps(), Cut())]));
        return scale is null
            ? tape.Record(codes, through)
            : tape.Record(
                codes, through,
                (scale, g => tape.Raw(
                    tape.Emit("ReduceSum", [], [tape.Emit("Mul", g.Dims, [g, FakeQuantization.StepSlope(tape, codes, Steps(), Cut())])], Attribute("keepdims", 0L)), [1])));
    }

    /// <summary>A dyadic multiplier as two floats whose sum, in double, is exact: its 31 bits do not fit in one.</summary>
    public static (float High, float Low) Halves(Model.Dyadic multiplier)
    {
        double unit = Math.Pow(2, -multiplier.Shift);
        int high = multiplier.Multiplier & ~0x7FFF;
        return ((float)(high * unit), (float)((multiplier.Multiplier - high) * unit));
    }

    private static TapeValue Cast(this Tape tape, TapeValue x, long type) => tape.Emit("Cast", x.Dims, [x], Attribute("to", type));
}
