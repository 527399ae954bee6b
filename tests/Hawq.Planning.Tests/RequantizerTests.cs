using CsCheck;
using Hawq.Model;
using Xunit;

namespace Hawq.Planning.Tests;

/// <summary>The forms of requantize equal their definition wherever the planner chooses them.</summary>
public sealed class RequantizerTests
{
    private static readonly Gen<Dyadic> s_dyadics = Gen.Select(Gen.Int[Dyadic.MinMultiplier, int.MaxValue], Gen.Int[Dyadic.MinShift, Dyadic.MaxShift], (b, c) => new Dyadic(b, c));

    [Fact]
    public void The_high_half_equals_the_definition_over_the_planned_range() =>
        Gen.Select(s_dyadics, Gen.Int[1, 31], Gen.Int).Sample((dyadic, bits, seed) =>
        {
            ValueRange range = new(-(1L << (bits - 1)), (1L << (bits - 1)) - 1);
            Requantizer requantize = Requantizer.ForChannels(EquatableArray.Of(dyadic), range);
            if (requantize.Form != RequantizeForm.HighHalf)
            {
                return;
            }

            Random random = new(seed);
            foreach (long value in new[] { range.Lo, range.Hi, 0, random.NextInt64(range.Lo, range.Hi + 1) })
            {
                Assert.Equal(dyadic.Requantize(value), HighHalf(requantize, dyadic, checked((int)value)));
            }
        });

    [Fact]
    public void A_range_too_wide_for_the_pre_shift_is_computed_in_64_bits()
    {
        Dyadic dyadic = new(1 << 30 | 1, 30);
        Assert.Equal(RequantizeForm.HighHalf, Requantizer.ForScalar(dyadic, new ValueRange(0, (1 << 27) - 1)).Form);
        Assert.Equal(RequantizeForm.Wide, Requantizer.ForScalar(dyadic, new ValueRange(0, 1 << 27)).Form);
    }

    [Fact]
    public void One_is_nothing() => Assert.Equal(RequantizeForm.Identity, Requantizer.ForScalar(new Dyadic(1 << 30, 30), new ValueRange(-5, 5)).Form);

    [Fact]
    public void The_result_range_is_reached() =>
        s_dyadics.Sample(dyadic =>
        {
            Requantizer requantize = Requantizer.ForChannels(EquatableArray.Of(dyadic), new ValueRange(-1000, 999));
            Assert.Equal(new ValueRange(dyadic.Requantize(-1000), dyadic.Requantize(999)), requantize.Result);
        });

    // What the generated code does, in its own types.
    private static int HighHalf(Requantizer requantize, Dyadic dyadic, int value) =>
        checked((int)(((long)(value << requantize.PreShift) * dyadic.Multiplier) >> 32) + requantize.Rounding(dyadic)) >> requantize.FinalShift(dyadic);
}
