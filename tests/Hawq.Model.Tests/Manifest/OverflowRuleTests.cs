using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

/// <summary>Every int32 of the integer semantics that could overflow makes the network illegal.</summary>
public class OverflowRuleTests
{
    private static readonly Dyadic s_one = new(1 << 30, 30);
    private static readonly Dyadic s_thousand = Dyadic.FromReal(1000);

    [Fact]
    public void Add_refuses_a_sum_beyond_int32_and_takes_the_largest_that_fits()
    {
        Assert.Equal("output", FieldOf(Two(1 << 30, s_one)));
        Assert.Null(FieldOf(Two((1 << 30) - 1, s_one)));
    }

    [Fact]
    public void Add_refuses_a_branch_that_leaves_int32_when_requantized() => Assert.Equal("requantizeA", FieldOf(Two(1 << 22, s_thousand)));

    [Fact]
    public void Requantize_refuses_a_value_beyond_int32() => Assert.Equal(
        "requantize", FieldOf(One(new RequantizeLayer("r", "x", "y", s_thousand), new Shape(1, 1, 1), new Shape(1, 1, 1), 1 << 22)));

    [Fact]
    public void Pooling_refuses_a_sum_beyond_int32() => Assert.Equal(
        "input", FieldOf(One(new GlobalAveragePoolLayer("p", "x", "y", s_one), new Shape(64, 64, 1), new Shape(1, 1, 1), 1 << 19)));

    [Fact]
    public void Conv_refuses_a_requantized_accumulator_beyond_int32()
    {
        NetworkBuilder b = new NetworkBuilder("overflow", 1).Input(4, 4, 3);
        Network network = b.Build(b.Conv(b.InputName, 4, 3)).Network;
        ConvLayer conv = (ConvLayer)network.Layers[0];
        Dyadic[] requantize = conv.Requantize.ToArray();
        requantize[2] = Dyadic.FromReal(100_000);
        Assert.Equal("multiplier", FieldOf(network with { Layers = EquatableArray.Of<Layer>(conv with { Requantize = requantize }) }));
    }

    private static Network Two(int hi, Dyadic dyadic) => One(new AddLayer("s", "x", "x", "y", dyadic, dyadic), new Shape(1, 1, 1), new Shape(1, 1, 1), hi);

    private static Network One(Layer layer, Shape from, Shape to, int hi) => new(
        "overflow",
        new Provenance("", "", "", 0, default),
        SidecarBuilder.Describe("overflow.hawq.bin", []),
        new NetworkInput("x", default, null),
        EquatableArray.Of("y"),
        default,
        EquatableArray.Of(new Tensor("x", from, 32, 0, hi, 0, 1f), new Tensor("y", to, 8, 0, 255, 0, 1f)),
        EquatableArray.Of(layer));

    private static string? FieldOf(Network network) => NetworkValidator.Check(network).FirstOrDefault()?.Field;
}
