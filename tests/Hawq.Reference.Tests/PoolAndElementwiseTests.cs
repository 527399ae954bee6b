using Hawq.Model;
using Xunit;

namespace Hawq.Reference.Tests;

/// <summary>Operators without weights on cases small enough to compute by hand.</summary>
public class PoolAndElementwiseTests
{
    private static readonly Dyadic s_one = new(1 << 30, 30);
    private static readonly Dyadic s_half = new(1 << 30, 31);
    private static readonly Dyadic s_quarter = new(1 << 30, 32);
    private static readonly Size2 s_two = new(2, 2);
    private static readonly Size2 s_single = new(1, 1);

    [Fact]
    public void Max_pool_padding_never_wins_even_over_negative_codes() => Assert.Equal(
        [-5, -3, -5, -2], // one row and column of padding above and to the left of -5 -3 / -7 -2
        Evaluate(new MaxPoolLayer("p", "x", "y", s_two, s_single, new Padding(1, 1, 0, 0), s_single), new Shape(2, 2, 1), new Shape(2, 2, 1), [-5, -3, -7, -2]));

    [Fact]
    public void Max_pool_takes_the_largest_code_of_its_taps_with_stride_and_dilation() => Assert.Equal(
        [5, 7], // 1 . 5 / 3 . 7
        Evaluate(new MaxPoolLayer("p", "x", "y", new Size2(1, 2), new Size2(1, 2), default, new Size2(1, 2)), new Shape(1, 5, 1), new Shape(1, 2, 1), [1, 9, 5, 9, 7]));

    [Fact]
    public void Average_pool_divides_by_the_taps_inside_the_input()
    {
        // Windows of two over 2 4 6 with one column of padding on the left: 2 / 1, 6 / 2, 10 / 2.
        AveragePoolLayer layer = new(
            "p", "x", "y", new Size2(1, 2), s_single, new Padding(0, 1, 0, 0), EquatableArray.Of(new PoolDivisor(1, s_one), new PoolDivisor(2, s_half)));
        Assert.Equal([2, 3, 5], Evaluate(layer, new Shape(1, 3, 1), new Shape(1, 3, 1), [2, 4, 6]));
    }

    [Fact]
    public void Average_pool_with_one_divisor_counts_padding_as_zeros()
    {
        AveragePoolLayer layer = new("p", "x", "y", new Size2(1, 2), s_single, new Padding(0, 1, 0, 0), EquatableArray.Of(new PoolDivisor(2, s_half)));
        Assert.Equal([1, 3, 5], Evaluate(layer, new Shape(1, 3, 1), new Shape(1, 3, 1), [2, 4, 6]));
    }

    [Fact]
    public void Average_pool_rounds_half_up()
    {
        AveragePoolLayer layer = new("p", "x", "y", new Size2(1, 2), new Size2(1, 2), default, EquatableArray.Of(new PoolDivisor(2, s_half)));
        Assert.Equal([2, -1], Evaluate(layer, new Shape(1, 4, 1), new Shape(1, 2, 1), [1, 2, -1, -2]));
    }

    [Fact]
    public void Average_pool_leaves_the_zero_point_out_of_the_sum()
    {
        AveragePoolLayer layer = new("p", "x", "y", new Size2(1, 2), s_single, default, EquatableArray.Of(new PoolDivisor(2, s_half)));
        Assert.Equal([3], Evaluate(layer, new Shape(1, 2, 1), new Shape(1, 1, 1), [10, 12], zeroPoint: 8));
    }

    [Fact]
    public void Concat_requantizes_each_part_for_itself()
    {
        ConcatLayer layer = new("c", EquatableArray.Of("x", "z"), "y", EquatableArray.Of(s_one, s_quarter));
        TensorValue x = new(Tensor("x", new Shape(1, 2, 1), 0), [1, 2]);
        TensorValue z = new(Tensor("z", new Shape(1, 2, 2), 4), [8, 12, 16, 20]);
        Assert.Equal([1, 1, 2, 2, 3, 4], LayerEvaluator.Evaluate(layer, [x, z], Tensor("y", new Shape(1, 2, 3), 0)));
    }

    [Fact]
    public void Lookup_finds_its_entry_by_the_distance_from_the_smallest_code()
    {
        Tensor input = new("x", new Shape(1, 2, 2), 4, -1, 1, 0, 1f);
        LookupLayer one = new("t", "x", "y", EquatableArray.Of(EquatableArray.Of(10, 20, 30)));
        LookupLayer perChannel = new("t", "x", "y", EquatableArray.Of(EquatableArray.Of(10, 20, 30), EquatableArray.Of(1, 2, 3)));
        Tensor output = Tensor("y", input.Shape, 0);
        Assert.Equal([10, 20, 30, 10], LayerEvaluator.Evaluate(one, [new TensorValue(input, [-1, 0, 1, -1])], output));
        Assert.Equal([10, 2, 30, 1], LayerEvaluator.Evaluate(perChannel, [new TensorValue(input, [-1, 0, 1, -1])], output));
    }

    [Fact]
    public void Mul_multiplies_relative_to_the_zero_points_and_rounds_half_up()
    {
        TensorValue a = new(Tensor("a", new Shape(1, 2, 1), 1), [4, -2]);
        TensorValue b = new(Tensor("b", new Shape(1, 2, 1), 2), [5, 5]);
        Assert.Equal([5, -4], LayerEvaluator.Evaluate(new MulLayer("m", "a", "b", "y", s_half), [a, b], Tensor("y", new Shape(1, 2, 1), 0)));
    }

    [Fact]
    public void Mul_repeats_a_single_pixel()
    {
        TensorValue a = new(Tensor("a", new Shape(1, 2, 2), 0), [1, 2, 3, 4]);
        TensorValue b = new(Tensor("b", new Shape(1, 1, 2), 0), [10, -10]);
        Assert.Equal([10, -20, 30, -40], LayerEvaluator.Evaluate(new MulLayer("m", "a", "b", "y", s_one), [a, b], Tensor("y", a.Tensor.Shape, 0)));
    }

    [Fact]
    public void Sub_rounds_each_operand_before_it_subtracts()
    {
        // Both halves go up: rq(1/2) - rq(1/2) = 1 - 1; the difference of 3/2 and 1/2 is 2 - 1.
        TensorValue a = new(Tensor("a", new Shape(1, 2, 1), 0), [1, 3]);
        TensorValue b = new(Tensor("b", new Shape(1, 2, 1), 0), [1, 1]);
        Assert.Equal([0, 1], LayerEvaluator.Evaluate(new SubLayer("s", "a", "b", "y", s_half, s_half), [a, b], Tensor("y", new Shape(1, 2, 1), 0)));
    }

    [Fact]
    public void Permute_takes_each_channel_from_its_source() => Assert.Equal(
        [3, 1, 2, 6, 4, 5],
        Evaluate(new PermuteLayer("p", "x", "y", EquatableArray.Of(2, 0, 1)), new Shape(1, 2, 3), new Shape(1, 2, 3), [1, 2, 3, 4, 5, 6]));

    [Fact]
    public void Resize_repeats_rows_and_columns() => Assert.Equal(
        [1, 1, 2, 2, 1, 1, 2, 2], Evaluate(new ResizeLayer("r", "x", "y", s_two), new Shape(1, 2, 1), new Shape(2, 4, 1), [1, 2]));

    [Fact]
    public void Spread_puts_zero_points_between_pixels() => Assert.Equal(
        [1, 9, 2, 9, 9, 9, 3, 9, 4],
        Evaluate(new SpreadLayer("s", "x", "y", s_two), new Shape(2, 2, 1), new Shape(3, 3, 1), [1, 2, 3, 4], zeroPoint: 9, outputZeroPoint: 9));

    private static int[] Evaluate(Layer layer, Shape from, Shape to, int[] codes, int zeroPoint = 0, int outputZeroPoint = 0) =>
        LayerEvaluator.Evaluate(layer, [new TensorValue(Tensor("x", from, zeroPoint), codes)], Tensor("y", to, outputZeroPoint));

    private static Tensor Tensor(string name, Shape shape, int zeroPoint) => new(name, shape, 8, -128, 127, zeroPoint, 1f);
}
