using CsCheck;
using Hawq.Model;
using Hawq.Quantization.Calibration;
using Xunit;

namespace Hawq.Quantization.Tests.Calibration;

public sealed class CalibrationTests
{
    private static readonly Gen<float[]> s_values = Gen.Select(Gen.Float[-1, 1], Gen.Int[-20, 20], (m, e) => MathF.ScaleB(m, e)).Array[1, 200];

    private static readonly string[] s_names = ["minmax", "percentile:99.9", "percentile", "mse", "kl"];
    private static readonly int[] s_maxCodes = [7, 15, 127, 255];

    [Fact]
    public void The_histogram_does_not_depend_on_order_or_partition() => Gen.Select(s_values, Gen.Int[0, 200]).Sample((values, cut) =>
    {
        cut = Math.Min(cut, values.Length);
        ValueHistogram whole = Of(values), first = Of(values[cut..]);
        first.Merge(Of([.. values[..cut].Reverse()]));
        Assert.Equal(whole.Bins.ToArray(), first.Bins.ToArray());
        Assert.Equal((whole.Min, whole.Max, whole.Count, whole.Zeros, whole.BinWidth), (first.Min, first.Max, first.Count, first.Zeros, first.BinWidth));
    });

    [Fact]
    public void Every_value_lies_in_its_bin() => s_values.Sample(values =>
    {
        ValueHistogram histogram = Of(values);
        long[] expected = new long[ValueHistogram.BinCount];
        foreach (float value in values)
        {
            expected[histogram.BinWidth == 0 ? 0 : (int)Math.Floor(Math.Abs(value) / histogram.BinWidth)]++;
        }

        Assert.Equal(expected, histogram.Bins.ToArray());
    });

    [Fact]
    public void Values_that_are_not_finite_are_counted_apart()
    {
        ValueHistogram histogram = Of([1, float.NaN, float.PositiveInfinity, -2]);
        Assert.Equal((2, 2, -2f, 1f), (histogram.Count, histogram.NotFinite, histogram.Min, histogram.Max));
    }

    [Fact]
    public void Every_calibrator_stays_within_the_largest_magnitude() =>
        Gen.Select(s_values, Gen.Int[0, 4].Select(i => s_names[i]), Gen.Int[0, 3].Select(i => s_maxCodes[i])).Sample((values, name, maxCode) =>
        {
            ValueHistogram histogram = Of(values);
            double top = ActivationCalibrator.Parse(name).Top(histogram, maxCode);
            Assert.InRange(top, histogram.MaxMagnitude > 0 ? double.Epsilon : 0, histogram.MaxMagnitude);
        }, iter: 300);

    [Fact]
    public void A_percentile_leaves_out_that_share_of_the_values()
    {
        ValueHistogram histogram = Of([.. Enumerable.Range(1, 1000).Select(i => i / 1000f)]);
        Assert.InRange(new PercentileCalibrator(90).Top(histogram, 127), .9, .9 + histogram.BinWidth);
    }

    [Fact]
    public void Least_squares_clips_an_outlier_at_four_bits_that_it_keeps_at_eight()
    {
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, 20_000).Select(_ => random.NextSingle()), 4];
        ValueHistogram histogram = Of(values);
        MseCalibrator mse = new();
        Assert.InRange(mse.Top(histogram, 15), .9, 1.3);
        Assert.True(Error(values, mse.Top(histogram, 15), 15) < Error(values, histogram.MaxMagnitude, 15) / 5);
        Assert.True(Error(values, mse.Top(histogram, 255), 255) <= Error(values, histogram.MaxMagnitude, 255));
    }

    [Fact]
    public void Divergence_clips_a_long_thin_tail()
    {
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, 50_000).Select(_ => (float)(-Math.Log(1 - random.NextDouble()) * .1)), 20];
        Assert.InRange(new KlCalibrator().Top(Of(values), 127), .5, 5);
    }

    [Theory]
    [InlineData("best")]
    [InlineData("percentile:20")]
    [InlineData("percentile:x")]
    public void An_unknown_calibration_is_refused(string name) =>
        Assert.Equal(HawqIds.Usage, Assert.Throws<HawqException>(() => ActivationCalibrator.Parse(name)).Id);

    private static double Error(float[] values, double top, int maxCode)
    {
        double step = top / maxCode;
        return values.Sum(v => Math.Pow(v - (step * Math.Min(Math.Floor((v / step) + .5), maxCode)), 2));
    }

    private static ValueHistogram Of(float[] values)
    {
        ValueHistogram histogram = new();
        histogram.Add(values);
        return histogram;
    }
}
