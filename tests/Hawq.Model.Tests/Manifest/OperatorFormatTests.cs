using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

/// <summary>The operators without weights in the manifest: round trip, and every rule refuses what breaks it.</summary>
public class OperatorFormatTests
{
    private static readonly Dyadic s_one = new(1 << 30, 30);
    private static readonly Size2 s_two = new(2, 2);
    private static readonly Size2 s_single = new(1, 1);

    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [Theory]
    [MemberData(nameof(Operators))]
    public void Reading_returns_what_was_written(string op)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Network network = OperatorNetworks.Create(op, seed).Network;
            ManifestReadResult result = ManifestReader.Read(ManifestWriter.Write(network), "n.hawq.json");
            Assert.Empty(result.Diagnostics);
            Assert.Equal(network, result.Network);
        }
    }

    [Fact]
    public void Max_pool_refuses_a_window_in_the_padding() => Assert.Equal(
        "padding", FieldOf(new MaxPoolLayer("p", "x", "y", s_two, s_two, new Padding(2, 0, 0, 0), s_single), new Shape(2, 2, 1), new Shape(2, 1, 1)));

    [Fact]
    public void Max_pool_refuses_an_output_of_another_size() => Assert.Equal(
        "output", FieldOf(new MaxPoolLayer("p", "x", "y", s_two, s_single, default, s_single), new Shape(4, 4, 1), new Shape(4, 4, 1)));

    [Fact]
    public void Max_pool_refuses_another_grid_behind_it() => Assert.Equal(
        "output", FieldOf(new MaxPoolLayer("p", "x", "y", s_two, s_two, default, s_single), new Shape(2, 2, 1), new Shape(1, 1, 1), outputHi: 100));

    [Fact]
    public void Average_pool_refuses_counts_that_are_not_those_of_its_windows() => Assert.Equal(
        "divisors",
        FieldOf(
            new AveragePoolLayer(
                "p", "x", "y", new Size2(1, 2), s_single, new Padding(0, 1, 0, 0), EquatableArray.Of(new PoolDivisor(1, s_one), new PoolDivisor(3, s_one))),
            new Shape(1, 3, 1), new Shape(1, 3, 1)));

    [Fact]
    public void Average_pool_refuses_a_sum_beyond_int32() => Assert.Equal(
        "input",
        FieldOf(
            new AveragePoolLayer("p", "x", "y", new Size2(64, 64), s_single, default, EquatableArray.Of(new PoolDivisor(4096, s_one))),
            new Shape(64, 64, 1), new Shape(1, 1, 1), hi: 1 << 19));

    [Fact]
    public void Concat_refuses_channels_that_do_not_add_up() => Assert.Equal(
        "output", FieldOf(new ConcatLayer("c", EquatableArray.Of("x", "x"), "y", EquatableArray.Of(s_one, s_one)), new Shape(1, 1, 3), new Shape(1, 1, 5)));

    [Fact]
    public void Concat_refuses_a_part_without_a_multiplier() => Assert.Equal(
        "requantize", FieldOf(new ConcatLayer("c", EquatableArray.Of("x", "x"), "y", EquatableArray.Of(s_one)), new Shape(1, 1, 3), new Shape(1, 1, 6)));

    [Fact]
    public void Lookup_refuses_an_entry_outside_the_output() => Assert.Equal(
        "tables", FieldOf(new LookupLayer("t", "x", "y", EquatableArray.Of(EquatableArray.Of(0, 256))), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 1, outputHi: 255));

    [Fact]
    public void Lookup_refuses_a_table_of_another_length() => Assert.Equal(
        "tables", FieldOf(new LookupLayer("t", "x", "y", EquatableArray.Of(EquatableArray.Of(0, 1, 2))), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 1));

    [Fact]
    public void Lookup_refuses_an_input_of_more_than_256_codes() => Assert.Equal(
        "input", FieldOf(new LookupLayer("t", "x", "y", EquatableArray.Of(EquatableArray.Of(0, 1, 2))), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 256));

    [Fact]
    public void Mul_refuses_a_product_beyond_int32() => Assert.Equal(
        "b", FieldOf(new MulLayer("m", "x", "x", "y", s_one), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 46341));

    [Fact]
    public void Mul_takes_the_largest_product_that_fits() => Assert.Null(
        FieldOf(new MulLayer("m", "x", "x", "y", s_one), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 46340, outputHi: 255));

    [Fact]
    public void Sub_refuses_a_difference_beyond_int32() => Assert.Equal(
        "output", FieldOf(new SubLayer("s", "x", "x", "y", s_one, s_one), new Shape(1, 1, 1), new Shape(1, 1, 1), hi: 1 << 30, lo: -(1 << 30) - 1));

    [Fact]
    public void Permute_refuses_a_channel_named_twice() => Assert.Equal(
        "source", FieldOf(new PermuteLayer("p", "x", "y", EquatableArray.Of(0, 0)), new Shape(1, 1, 2), new Shape(1, 1, 2)));

    [Fact]
    public void Resize_refuses_an_output_of_another_size() => Assert.Equal(
        "output", FieldOf(new ResizeLayer("r", "x", "y", s_two), new Shape(2, 2, 1), new Shape(4, 3, 1)));

    [Fact]
    public void Spread_refuses_an_output_of_another_size() => Assert.Equal(
        "output", FieldOf(new SpreadLayer("r", "x", "y", s_two), new Shape(2, 2, 1), new Shape(4, 4, 1)));

    private static string? FieldOf(Layer layer, Shape from, Shape to, int hi = 255, int? outputHi = null, int lo = 0)
    {
        Network network = new(
            "operators",
            new Provenance("", "", "", 0, default),
            SidecarBuilder.Describe("operators.hawq.bin", []),
            new NetworkInput("x", default, null),
            EquatableArray.Of("y"),
            default,
            EquatableArray.Of(new Tensor("x", from, 32, lo, hi, 0, 1f), new Tensor("y", to, 32, lo, outputHi ?? hi, 0, 1f)),
            EquatableArray.Of(layer));
        return NetworkValidator.Check(network).FirstOrDefault()?.Field;
    }
}
