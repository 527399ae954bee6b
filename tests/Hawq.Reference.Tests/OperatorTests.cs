using Hawq.Model;
using Xunit;

namespace Hawq.Reference.Tests;

/// <summary>Each operator on a case small enough to compute by hand.</summary>
public class OperatorTests
{
    private static readonly Dyadic s_one = new(1 << 30, 30);
    private static readonly Dyadic s_half = new(1 << 30, 31);
    private static readonly Dyadic s_quarter = new(1 << 30, 32);

    [Fact]
    public void Conv_multiplies_the_taps_and_adds_the_bias()
    {
        // 1 2 3    kernel 1 -1   top left: 1 - 2 + 2*5 - 4 = 5 (with the bias 0), ...
        // 4 5 6           -1  2
        ConvLayer layer = Conv([1, -1, -1, 2], new WeightTensor(0, 8, 1, 2, 2, 1, Ones(1)), [10], padding: default);
        Assert.Equal([15, 16], Evaluate(layer, [1, 2, 3, 4, 5, 6], new Shape(2, 3, 1), new Shape(1, 2, 1), [1, -1, -1, 2]));
    }

    [Fact]
    public void Conv_padding_adds_zero_even_when_the_zero_point_is_not_zero()
    {
        // One pixel of code 7 with zero point 5: only the centre tap sees 2.
        sbyte[] weights = [9, 9, 9, 9, 3, 9, 9, 9, 9];
        ConvLayer layer = Conv(weights, new WeightTensor(0, 8, 1, 3, 3, 1, Ones(1)), [0], new Padding(1, 1, 1, 1));
        Assert.Equal([6], Evaluate(layer, [7], new Shape(1, 1, 1), new Shape(1, 1, 1), weights, zeroPoint: 5));
    }

    [Fact]
    public void Conv_steps_by_stride_and_spreads_its_taps_by_dilation()
    {
        // Row 0 1 2 3 4 5 6; taps at distance 2, outputs 3 apart: 0 + 10*2, 3 + 10*5.
        ConvLayer layer = Conv([1, 10], new WeightTensor(0, 8, 1, 1, 2, 1, Ones(1)), [0], default) with
        {
            Stride = new Size2(1, 3),
            Dilation = new Size2(1, 2),
        };
        Assert.Equal([20, 53], Evaluate(layer, [0, 1, 2, 3, 4, 5, 6], new Shape(1, 7, 1), new Shape(1, 2, 1), [1, 10]));
    }

    [Fact]
    public void Conv_groups_see_only_their_own_channels()
    {
        ConvLayer layer = Conv([1, 10, 2, 20], new WeightTensor(0, 8, 2, 1, 1, 2, Ones(2)), [0, 0], default) with { Groups = 2 };
        Assert.Equal([21, 86], Evaluate(layer, [1, 2, 3, 4], new Shape(1, 1, 4), new Shape(1, 1, 2), [1, 10, 2, 20]));
    }

    [Fact]
    public void Depthwise_multiplies_each_channel_with_its_own_kernel()
    {
        ConvLayer layer = Conv([2, 3, 5], new WeightTensor(0, 8, 3, 1, 1, 1, Ones(3)), [0, 0, 1], default) with { Groups = 3 };
        Assert.Equal([2, 6, 16], Evaluate(layer, [1, 2, 3], new Shape(1, 1, 3), new Shape(1, 1, 3), [2, 3, 5]));
    }

    [Fact]
    public void Requantize_of_a_conv_is_per_channel_rounded_half_up_and_clamped()
    {
        ConvLayer layer = Conv([1, 1, 1], new WeightTensor(0, 8, 3, 1, 1, 1, Ones(3)), [0, 0, 1000], default) with
        {
            Requantize = EquatableArray.Of(s_half, s_quarter, s_one),
        };
        Assert.Equal([4, 2, 100], Evaluate(layer, [7], new Shape(1, 1, 1), new Shape(1, 1, 3), [1, 1, 1]));
    }

    [Fact]
    public void Gemm_sees_all_codes_relative_to_the_zero_point()
    {
        GemmLayer layer = new("g", "x", "y", new WeightTensor(0, 8, 2, 1, 1, 4, Ones(2)), EquatableArray.Of(1, 2), EquatableArray.Of(s_one, s_one), Facts());
        // x - 1 = 0 1 2 3
        Assert.Equal([1 + 2 + 6 + 12, 2 - 1], Evaluate(layer, [1, 2, 3, 4], new Shape(2, 2, 1), new Shape(1, 1, 2), [1, 2, 3, 4, 5, -1, 0, 0], zeroPoint: 1));
    }

    [Fact]
    public void Add_rounds_each_branch_before_it_adds()
    {
        Tensor a = Input(new Shape(1, 1, 1));
        Tensor y = Output(new Shape(1, 1, 1));
        AddLayer layer = new("s", "a", "b", "y", s_half, s_half);
        // 1/2 rounds up to 1 twice: 2, not 1.
        Assert.Equal([2], LayerEvaluator.Evaluate(layer, [new(a, [1]), new(a with { Name = "b" }, [1])], y));
    }

    [Fact]
    public void Requantize_moves_between_zero_points() =>
        Assert.Equal([13, 12, 8], Requantize(new Dyadic(1 << 30, 31), [9, 7, 0], from: 4, to: 10));

    [Fact]
    public void Global_average_pool_sums_then_rounds_once() => Assert.Equal(
        [3, 25],
        LayerEvaluator.Evaluate(
            new GlobalAveragePoolLayer("p", "x", "y", s_quarter), [new(Input(new Shape(2, 2, 2)), [1, 10, 2, 20, 3, 30, 4, 40])], Output(new Shape(1, 1, 2))));

    [Fact]
    public void Slice_takes_every_step_th_pixel_from_its_start() => Assert.Equal(
        [31, 51],
        LayerEvaluator.Evaluate(
            new SliceLayer("s", "x", "y", new Size2(1, 0), new Size2(1, 2), 1),
            [new(Input(new Shape(2, 3, 2)), [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51])],
            Output(new Shape(1, 2, 1))));

    [Fact]
    public void Pad_surrounds_with_the_zero_point() => Assert.Equal(
        [9, 9, 9, 9, 9, 9, 9, 5, 9],
        LayerEvaluator.Evaluate(
            new PadLayer("p", "x", "y", new Padding(2, 0, 0, 0), 1, 1),
            [new(Input(new Shape(1, 1, 1)), [5])],
            Output(new Shape(3, 1, 3)) with { ZeroPoint = 9 }));

    [Fact]
    public void An_accumulator_outside_int32_is_an_error()
    {
        Tensor x = new("x", new Shape(1, 1, 1), 32, int.MinValue, int.MaxValue, 0, 1f);
        ConvLayer layer = Conv([2], new WeightTensor(0, 8, 1, 1, 1, 1, Ones(1)), [0], default);
        Assert.Throws<OverflowException>(() => LayerEvaluator.Evaluate(layer, [new(x, [1 << 30])], Output(new Shape(1, 1, 1)), [2]));
    }

    private static int[] Requantize(Dyadic dyadic, int[] codes, int from, int to) => LayerEvaluator.Evaluate(
        new RequantizeLayer("r", "x", "y", dyadic),
        [new(Input(new Shape(1, 1, codes.Length)) with { ZeroPoint = from }, codes)],
        Output(new Shape(1, 1, codes.Length)) with { ZeroPoint = to });

    private static int[] Evaluate(LinearLayer layer, int[] codes, Shape from, Shape to, sbyte[] weights, int zeroPoint = 0) =>
        LayerEvaluator.Evaluate(layer, [new(Input(from) with { ZeroPoint = zeroPoint }, codes)], Output(to), weights);

    private static ConvLayer Conv(sbyte[] weights, WeightTensor shape, int[] bias, Padding padding)
    {
        Assert.Equal(shape.Count, weights.Length);
        return new ConvLayer(
            "c", "x", "y", shape, bias, Enumerable.Repeat(s_one, bias.Length).ToArray(), Facts(), new Size2(1, 1), padding, new Size2(1, 1), 1);
    }

    private static WeightFacts Facts() => new(0, 0, 0, 0, default);

    private static float[] Ones(int count) => Enumerable.Repeat(1f, count).ToArray();

    private static Tensor Input(Shape shape) => new("x", shape, 8, 0, 255, 0, 1f);

    private static Tensor Output(Shape shape) => new("y", shape, 16, -100, 100, 0, 1f);
}
