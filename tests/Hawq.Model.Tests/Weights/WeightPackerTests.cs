using CsCheck;
using Xunit;

namespace Hawq.Model.Tests;

public class WeightPackerTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Unpacking_returns_what_was_packed(int bits)
    {
        int max = (1 << (bits - 1)) - 1;
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 9]).SelectMany((o, h, w, c) =>
            Gen.Int[-max, max].Array[o * h * w * c].Select(codes => (o, h, w, c, codes: codes.Select(v => (sbyte)v).ToArray())))
            .Sample(t =>
            {
                SidecarBuilder sidecar = new();
                sidecar.Append([1, 2, 3]);
                WeightTensor weights = sidecar.Add(t.codes, bits, t.o, t.h, t.w, t.c, Enumerable.Repeat(1f, t.o).ToArray());
                return weights.Offset == 64 && new NetworkWeights(sidecar.ToArray()).Unpack(weights).SequenceEqual(t.codes);
            });
    }

    [Fact]
    public void Four_bit_codes_fill_the_low_nibble_first_and_channels_start_at_whole_bytes() =>
        Assert.Equal(new byte[] { 0xF1, 0x02, 0x93, 0x07 }, WeightPacker.Pack([1, -1, 2, 3, -7, 7], 4, 3));

    [Theory]
    [InlineData(8, -128)]
    [InlineData(4, -8)]
    [InlineData(4, 8)]
    [InlineData(2, -2)]
    public void A_code_outside_the_narrow_range_is_refused(int bits, int code) =>
        Assert.Throws<ArgumentException>(() => WeightPacker.Pack([(sbyte)code], bits, 1));

    [Fact]
    public void The_sidecar_is_described_by_length_and_sha256()
    {
        SidecarBuilder sidecar = new();
        sidecar.Append([(byte)'a', (byte)'b', (byte)'c']);
        Assert.Equal(
            new WeightsFile("n.hawq.bin", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3), sidecar.Describe("n.hawq.bin"));
    }
}
