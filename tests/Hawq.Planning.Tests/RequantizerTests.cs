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
    public void Short_multipliers_in_int32_equal_the_definition_over_the_planned_range() =>
        Gen.Select(s_dyadics, Gen.Int[8, 20], Gen.Int[8, 24], Gen.Int).Sample((dyadic, multiplierBits, bits, seed) =>
        {
            dyadic = dyadic.Shortened(multiplierBits);
            ValueRange range = new(-(1L << (bits - 1)), (1L << (bits - 1)) - 1);
            Requantizer requantize = Requantizer.ForAccumulators(EquatableArray.Of(dyadic), range);
            if (requantize.Form != RequantizeForm.Int32)
            {
                return;
            }

            Random random = new(seed);
            foreach (long value in new[] { range.Lo, range.Hi, 0, random.NextInt64(range.Lo, range.Hi + 1) })
            {
                int shift = dyadic.Shift - requantize.Dropped;
                Assert.Equal(dyadic.Requantize(value), checked(((int)value * (dyadic.Multiplier >> requantize.Dropped)) + (1 << (shift - 1))) >> shift);
            }
        });

    /// <summary>2 049 is the multiplier and 2^14 the rounding term: 2 049 * 1 048 056 + 2^14 is the last sum below 2^31.</summary>
    [Theory]
    [InlineData(1_048_056, true)]
    [InlineData(1_048_057, false)]
    public void Int32_is_planned_up_to_its_bound_and_not_beyond(int largest, bool planned)
    {
        Dyadic dyadic = new((1 << 30) | (1 << 19), 34); // 2 049 * 2^19: without 19 bits the shift is 15
        Requantizer requantize = Requantizer.ForAccumulators(EquatableArray.Of(dyadic), new ValueRange(-5, largest));
        Assert.Equal(planned ? RequantizeForm.Int32 : RequantizeForm.HighHalf, requantize.Form);
        Assert.Equal(planned ? 19 : 0, requantize.Dropped);
    }

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
