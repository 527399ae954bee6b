using CsCheck;
using Xunit;

namespace Hawq.Model.Tests;

public class WeightFactsTests
{
    private static readonly Tensor s_u7 = new("x", new Shape(8, 8, 1), 8, 0, 127, 0, 1f);

    [Theory]
    [InlineData(3, 3, 16, 1, 1, "1 2 3 4 6 8 12 24 36")]
    [InlineData(1, 1, 64, 1, 1, "1 2 3 4 6 8 12 16")]
    [InlineData(3, 3, 3, 1, 1, "1 2 3 6 9")]
    [InlineData(3, 3, 5, 2, 1, "1 2 3 4 6 12 18")]
    [InlineData(3, 3, 8, 1, 4, "1 2 3 4 6 12 18")]
    public void Window_lengths_are_powers_of_two_and_their_triples_then_whole_rows(int h, int w, int c, int dilation, int groups, string expected) =>
        Assert.Equal(expected, string.Join(' ', LaneGeometry.Of(new WeightTensor(0, 8, 1, h, w, c, default), dilation, groups).WindowLengths()));

    [Fact]
    public void A_step_of_four_codes_has_two_lanes_of_two()
    {
        WeightFacts facts = Facts([100, 20, -5, -6, 50, 60, 7, 8], inputChannels: 8);
        // Lane 0 sums 100+20 then 50+60, lane 1 sums -5-6 then 7+8.
        Assert.Equal([new LaneWindow(1, 120, -11), new LaneWindow(2, 230, -11)], facts.Windows);
        Assert.Equal((245, -11), (facts.PositiveSum, facts.NegativeSum));
    }

    [Fact]
    public void Accumulator_bounds_take_each_code_to_its_worst_end()
    {
        Tensor input = new("x", new Shape(1, 1, 2), 8, 0, 200, 50, 1f); // relative codes -50..150
        WeightFacts facts = WeightFactsCalculator.Compute(new WeightTensor(0, 8, 1, 1, 1, 2, default), [3, -2], EquatableArray.Of(1000), input);
        Assert.Equal((1000 - 150 - 300, 1000 + 450 + 100), (facts.AccumulatorLo, facts.AccumulatorHi));
    }

    [Fact]
    public void A_depthwise_layer_has_no_windows() => Assert.Empty(
        WeightFactsCalculator.Compute(new WeightTensor(0, 8, 2, 1, 1, 1, default), [3, -2], EquatableArray.Of(0, 0), s_u7, groups: 2).Windows);

    [Fact]
    public void Windows_bound_every_run_of_steps_that_a_naive_walk_finds() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 9], Gen.Int[1, 2], Gen.Int[1, 2]).SelectMany((h, w, c, dilation, groups) =>
            Gen.SByte[-127, 127].Array[2 * h * w * c].Select(codes => (h, w, c, dilation, groups, codes)))
            .Sample(t =>
            {
                WeightTensor weights = new(0, 8, 2, t.h, t.w, t.c, default);
                WeightFacts facts = WeightFactsCalculator.Compute(weights, t.codes, EquatableArray.Of(0, 0), s_u7, t.dilation, t.groups);
                return t.groups == 2 && t.c == 1 || facts.Windows.All(window => window == Naive(t.h, t.w, t.c, t.dilation, t.groups, t.codes, window.Steps));
            });

    // Builds the padded rows as lists and cuts them into windows.
    private static LaneWindow Naive(int h, int w, int c, int dilation, int groups, sbyte[] codes, int length)
    {
        int positive = 0;
        int negative = 0;
        foreach (sbyte[] channel in codes.Chunk(h * w * c))
        {
            List<List<int[]>> rows = [];
            foreach (sbyte[] row in channel.Chunk(w * c))
            {
                IEnumerable<sbyte[]> runs = dilation > 1 || groups > 1 ? row.Chunk(c) : [row];
                rows.Add(runs.SelectMany(run => run.Chunk(4).Select(step => step.Concat(new sbyte[4 - step.Length]).Select(v => (int)v).ToArray())).ToList());
            }

            List<List<int[]>> blocks = length <= rows[0].Count ? rows : [rows.SelectMany(row => row).ToList()];
            foreach (int[][] window in blocks.SelectMany(block => block.Chunk(length)))
            {
                for (int lane = 0; lane < 2; lane++)
                {
                    int[] seen = window.SelectMany(step => step.Skip(2 * lane).Take(2)).ToArray();
                    positive = Math.Max(positive, seen.Where(v => v > 0).Sum());
                    negative = Math.Min(negative, seen.Where(v => v < 0).Sum());
                }
            }
        }

        return new LaneWindow(length, positive, negative);
    }

    private static WeightFacts Facts(sbyte[] codes, int inputChannels) =>
        WeightFactsCalculator.Compute(new WeightTensor(0, 8, 1, 1, 1, inputChannels, default), codes, EquatableArray.Of(0), s_u7);
}
