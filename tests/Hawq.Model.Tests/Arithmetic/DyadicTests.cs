using System.Numerics;
using CsCheck;
using Xunit;

namespace Hawq.Model.Tests;

public class DyadicTests
{
    private static readonly Gen<Dyadic> s_dyadic =
        Gen.Select(Gen.Int[Dyadic.MinMultiplier, int.MaxValue], Gen.Int[Dyadic.MinShift, Dyadic.MaxShift]).Select((b, c) => new Dyadic(b, c));

    [Theory]
    [InlineData(512, 1)]
    [InlineData(-512, 0)]
    [InlineData(1536, 2)]
    [InlineData(-1536, -1)]
    [InlineData(2560, 3)]
    public void Rounds_half_up(int value, long expected) => Assert.Equal(expected, new Dyadic(1 << 30, 40).Requantize(value));

    [Theory]
    [InlineData(0.023499999195337296, 0.004100000020116568, 0.031199999153614044, 1697723508, 39)]
    [InlineData(0.10000000149011612, 0.20000000298023224, 0.30000001192092896, 1145324648, 34)]
    [InlineData(0.05000000074505806, 0.0020000000949949026, 0.00009999999747378752, 1073741902, 30)]
    public void Comes_from_scales_with_one_rounding_of_the_product_to_float32(double sx, double sw, double so, int b, int c) =>
        Assert.Equal(new Dyadic(b, c), Dyadic.FromScales((float)sx, (float)sw, (float)so));

    [Theory]
    [InlineData(1697723508, 39, -1001, -3)]
    [InlineData(1697723508, 39, 123457, 381)]
    [InlineData(1697723508, 39, -8388609, -25905)]
    [InlineData(1697723508, 39, 74317824, 229504)]
    [InlineData(1145324648, 34, -1001, -67)]
    [InlineData(1145324648, 34, 123457, 8230)]
    [InlineData(1145324648, 34, -8388609, -559241)]
    [InlineData(1073741902, 30, 3, 3)]
    [InlineData(1073741902, 30, -8388609, -8388610)]
    [InlineData(1073741902, 30, 74317824, 74317829)]
    public void Requantizes_the_published_vectors(int b, int c, int value, long expected) => Assert.Equal(expected, new Dyadic(b, c).Requantize(value));

    [Fact]
    public void A_shortened_multiplier_is_the_nearest_of_its_bits() => Gen.Select(s_dyadic.Where(dyadic => dyadic.Shift > 1), Gen.Int[1, 31]).Sample((dyadic, bits) =>
    {
        Dyadic shortened = dyadic.Shortened(bits);
        double error = Math.Abs((shortened.Value / dyadic.Value) - 1);
        return shortened.IsValid && shortened.Multiplier % (1L << (31 - bits)) == 0 && error <= Math.Pow(2, -bits);
    });

    [Fact]
    public void Requantize_is_the_exact_rational_rounded_half_up() => Gen.Select(s_dyadic, Gen.Int).Sample((dyadic, value) =>
    {
        // floor(value * b / 2^c + 1/2), in exact arithmetic.
        BigInteger numerator = (2 * (BigInteger)value * dyadic.Multiplier) + (BigInteger.One << dyadic.Shift);
        BigInteger denominator = BigInteger.One << (dyadic.Shift + 1);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        return dyadic.Requantize(value) == (remainder.Sign < 0 ? quotient - 1 : quotient);
    });

    [Fact]
    public void Requantize_is_monotone() => Gen.Select(s_dyadic, Gen.Int, Gen.Int).Sample((dyadic, x, y) =>
        dyadic.Requantize(Math.Min(x, y)) <= dyadic.Requantize(Math.Max(x, y)));

    [Fact]
    public void No_accumulator_overflows_at_the_ends_of_the_legal_range()
    {
        foreach (int value in (int[])[int.MinValue, int.MaxValue])
        {
            Assert.Equal((long)Math.Floor((value * (int.MaxValue / Math.Pow(2, 62))) + 0.5), new Dyadic(int.MaxValue, 62).Requantize(value));
            Assert.Equal((((long)value * int.MaxValue) + 1) >> 1, new Dyadic(int.MaxValue, 1).Requantize(value));
        }
    }

    [Fact]
    public void Is_the_nearest_dyadic_number_to_a_real() => Gen.Double[1e-8, 1e8].Sample(real =>
    {
        Dyadic dyadic = Dyadic.FromReal(real);
        return dyadic.IsValid && Math.Abs(dyadic.Value - real) <= Math.Pow(2, -dyadic.Shift - 1);
    });

    [Fact]
    public void A_carry_to_two_to_the_31_halves_the_multiplier_and_lowers_the_shift() =>
        Assert.Equal(new Dyadic(1 << 30, 30), Dyadic.FromReal(1 - 1e-12));

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e10)]
    [InlineData(1e-12)]
    public void A_multiplier_outside_the_legal_shifts_is_refused(double real) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Dyadic.FromReal(real));
}
