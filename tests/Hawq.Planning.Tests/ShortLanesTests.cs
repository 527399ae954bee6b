using CsCheck;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Planning.Tests;

/// <summary>What the planner proves of int16 lanes, against every value that a lane can hold.</summary>
public sealed class ShortLanesTests
{
    private static readonly Gen<(Dyadic Dyadic, ValueRange Values, Clamp Clamp)> s_cases = Gen.Select(
        Gen.Int[Dyadic.MinMultiplier, int.MaxValue], Gen.Int[33, 46], Gen.Bool, Gen.Int[0, 3].Select(i => new[] { 7, 15, 127, 255 }[i]),
        (b, c, signed, hi) => (new Dyadic(b, c), new ValueRange(signed ? -32767 : 0, 32767), new Clamp(signed ? -hi / 2 : 0, signed ? hi / 2 : hi, true, true)));

    [Fact]
    public void The_narrow_multiplier_is_taken_exactly_where_every_value_agrees()
    {
        int taken = 0;
        int refused = 0;
        s_cases.Sample(
            x =>
            {
                bool equal = Values(x.Values).All(value => Clamped(UpperHalf.Requantize(x.Dyadic, value), x.Clamp) == Clamped(x.Dyadic.Requantize(value), x.Clamp));
                ShortForm? form = ShortLanes.For(Requantizer.ForScalar(x.Dyadic, x.Values), x.Values, x.Clamp);
                Interlocked.Increment(ref equal ? ref taken : ref refused);
                Assert.Equal(x.Dyadic.Multiplier > int.MaxValue - (1 << 15) ? null : equal ? ShortForm.Narrow : ShortForm.Split, form);
            },
            iter: 300);
        Assert.True(taken > 0 && refused > 0, $"{taken} and {refused}: one side was never tried.");
    }

    [Fact]
    public void The_narrow_result_keeps_to_the_range_where_nothing_is_clamped() => s_cases.Sample(
        x =>
        {
            ValueRange values = new(x.Values.Lo / 40, x.Values.Hi / 40);
            Requantizer requantizer = Requantizer.ForScalar(x.Dyadic, values);
            Clamp clamp = x.Clamp with { Low = requantizer.Result.Lo < x.Clamp.Lo, High = requantizer.Result.Hi > x.Clamp.Hi };
            if (ShortLanes.For(requantizer, values, clamp) == ShortForm.Narrow)
            {
                Assert.All(new[] { values.Lo, values.Hi }, value => Assert.Equal(Emitted(x.Dyadic.Requantize(value)), Emitted(UpperHalf.Requantize(x.Dyadic, value))));
            }

            // A kernel writes only the half of a clamp that the definition's range needs.
            long Emitted(long code) => Math.Max(clamp.Low ? clamp.Lo : long.MinValue, Math.Min(clamp.High ? clamp.Hi : long.MaxValue, code));
        },
        iter: 300);

    /// <summary>A 16-bit grid and a 7-bit or 4-bit one for the same values: what the quantizer makes of a residual sum.</summary>
    [Theory]
    [InlineData(127)]
    [InlineData(15)]
    public void Codes_of_the_same_largest_value_take_the_narrow_multiplier(int codes)
    {
        Dyadic dyadic = Dyadic.FromReal(codes / 32767.0);
        ValueRange values = new(0, 32767);
        Assert.Equal(ShortForm.Narrow, ShortLanes.For(Requantizer.ForScalar(dyadic, values), values, new Clamp(0, codes, false, false)));
    }

    [Fact]
    public void The_split_multiplier_equals_the_definition() =>
        Gen.Select(Gen.Int[Dyadic.MinMultiplier, int.MaxValue], Gen.Int[17, 47], (b, c) => new Dyadic(b, c)).Sample(
            dyadic =>
            {
                ValueRange values = new(-32767, 32767);
                if (ShortLanes.For(Requantizer.ForScalar(dyadic, values), values, new Clamp(short.MinValue, short.MaxValue, false, false)) == ShortForm.Split)
                {
                    Assert.All(Values(values).Where(value => value % 7 == 0 || Math.Abs(value) > 32700), value => Assert.Equal(dyadic.Requantize(value), Split(dyadic, (short)value)));
                }
            },
            iter: 200);

    /// <summary>A value saturates to 32767 before a negative operand is added: only an operand that cannot be negative leaves the sum at its clamp.</summary>
    [Theory]
    [InlineData(0, 32767, true)]
    [InlineData(-32767, 32767, false)]
    public void Operands_are_added_in_int16_only_where_saturation_is_the_clamp(int lo, int hi, bool added)
    {
        NetworkBuilder builder = new NetworkBuilder("sum", 4).Input(6, 5, 16, range: Activation.U7);
        string identity = builder.Requantize(builder.InputName, new Activation(16, lo, hi));
        string branch = builder.Conv(builder.InputName, 16, 3, activation: Activation.Branch);
        builder.Add(branch, identity, new Activation(16, 0, 32767));
        (Network network, _) = builder.Build();

        Epilogue Plan(Dyadic identityMultiplier) => Planner.Plan(network with
        {
            Layers = network.Layers.Select(layer => layer is AddLayer add ? add with { RequantizeB = identityMultiplier } : layer).ToEquatableArray(),
        }).Steps.OfType<ConvStep>().Single().Epilogue;

        Epilogue one = Plan(new Dyadic(1 << 30, 30));
        Assert.True(one.Residual!.Self.Result.Hi > short.MaxValue && one.Residual.Self.Result.Lo < short.MinValue);
        Assert.Equal(added ? ShortForm.Identity : null, one.Shorts!.Operand);
        Assert.Equal(added ? ShortForm.Split : null, Plan(new Dyadic(1234567891, 31)).Shorts!.Operand);
        Assert.Null(Plan(new Dyadic(1234567891, 30)).Shorts!.Operand); // beyond int16 itself
    }

    private static IEnumerable<long> Values(ValueRange range)
    {
        for (long value = range.Lo; value <= range.Hi; value++)
        {
            yield return value;
        }
    }

    private static long Clamped(long code, Clamp clamp) => Math.Clamp(code, clamp.Lo, clamp.Hi);

    // What the generated code does, in its own types.
    private static long Split(Dyadic dyadic, short value)
    {
        short lower = unchecked((short)dyadic.Multiplier);
        short upper = checked((short)((dyadic.Multiplier + 32768) >> 16));
        short floor = checked((short)((value * lower) >> 16));
        int sum = checked((value * upper) + floor + (1 << (dyadic.Shift - 17)));
        return checked((short)(sum >> (dyadic.Shift - 16)));
    }
}
