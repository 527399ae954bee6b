using Hawq.Model;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Lowering;
using Xunit;

namespace Hawq.Quantization.Tests.Calibration;

public sealed class GridChooserTests
{
    private static readonly GridChooser s_grids = new(new QuantizerOptions());

    [Fact]
    public void An_unsigned_activation_uses_half_of_a_byte_as_in_hawq_v3()
    {
        Tensor tensor = s_grids.Choose(Of(TensorRole.Activation, 8, 0), Values(0, 12.7f));
        Assert.Equal((0, 127, 0), (tensor.Lo, tensor.Hi, tensor.ZeroPoint));
        Assert.Equal(.1f, tensor.Scale, 6);
    }

    [Fact]
    public void A_four_bit_activation_uses_all_its_codes() =>
        Assert.Equal((0, 15), Range(s_grids.Choose(Of(TensorRole.Activation, 4, 0), Values(0, 1))));

    [Fact]
    public void A_signed_activation_is_symmetric_and_narrow() =>
        Assert.Equal((-127, 127), Range(s_grids.Choose(Of(TensorRole.Activation, 8, float.NegativeInfinity), Values(-1, 100))));

    [Fact]
    public void The_residual_grid_leaves_room_above_the_largest_value()
    {
        Tensor tensor = s_grids.Choose(Of(TensorRole.Residual, 16, 0), Values(0, 32767));
        Assert.Equal((0, 32767), Range(tensor));
        Assert.Equal(2, tensor.Scale);
    }

    [Fact]
    public void A_clamp_of_the_graph_bounds_the_codes() =>
        Assert.Equal((0, 6), Range(s_grids.Choose(Of(TensorRole.Residual, 16, 0) with { RealHi = 12 }, Values(0, 32767))));

    [Fact]
    public void A_lopsided_input_gets_a_zero_point_that_stands_for_zero()
    {
        Tensor tensor = s_grids.Choose(Of(TensorRole.Input, 8, float.NegativeInfinity), Values(-200, 54));
        Assert.Equal((-127, 127, 73), (tensor.Lo, tensor.Hi, tensor.ZeroPoint));
        Assert.Equal(1f, tensor.Scale);
    }

    [Fact]
    public void An_even_input_is_symmetric() =>
        Assert.Equal(0, s_grids.Choose(Of(TensorRole.Input, 8, float.NegativeInfinity), Values(-2, 2.6f)).ZeroPoint);

    [Fact]
    public void A_branch_is_wide_enough_for_the_worst_case()
    {
        LoweredTensor branch = Of(TensorRole.Branch, 32, float.NegativeInfinity);
        Assert.Equal((-(1 << 24), 1 << 24), Range(GridChooser.Branch(branch, 1, 1000)));
        Assert.Equal((-(1 << 26), 1 << 26), Range(GridChooser.Branch(branch, 1, 4e7)));
    }

    [Fact]
    public void A_value_that_is_always_zero_still_has_a_legal_grid() =>
        Assert.True(s_grids.Choose(Of(TensorRole.Activation, 8, 0), Values(0, 0)).Scale > 0);

    [Fact]
    public void Values_that_are_not_finite_are_refused() =>
        Assert.Equal(HawqIds.Calibration, Assert.Throws<HawqException>(
            () => s_grids.Choose(Of(TensorRole.Activation, 8, 0), Values(0, float.NaN))).Id);

    private static LoweredTensor Of(TensorRole role, int bits, float lo) => new("t", "t", new Shape(1, 1, 1), role, bits, lo, float.PositiveInfinity, null);

    private static ValueHistogram Values(params float[] values)
    {
        ValueHistogram histogram = new();
        histogram.Add(values);
        return histogram;
    }

    private static (int Lo, int Hi) Range(Tensor tensor) => (tensor.Lo, tensor.Hi);
}
