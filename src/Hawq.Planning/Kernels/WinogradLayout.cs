using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Exact integer Winograd on tiles of 6x6 codes: F(4x4, 3x3), 36 products per 16 outputs and channel instead of 144; and for 7x7 kernels of stride 2 on few
/// channels F(3x3, 4x4) on the four phases of the input (even and odd rows and columns, side by side as channels): 144 products per 9 outputs and channel instead of
/// 441. When it may be used, and how it lays out its memory.
/// <para>
/// Over the integers, A^T [(G w G^T) o (B^T x B)] A = 576 * conv(x, w) with the row factors 6, 4, 4, 1, 1, 12 of G (docs/kernels.md). |B^T x B| is at
/// most 68 * 255 = 17 340 and |G w G^T| at most 144 * 127 = 18 288, or 256 * 127 = 32 512 for four taps, so both fit in int16 and a pair of products stays below
/// 2^31. All later sums are modulo 2^32: times the inverse of 9 they are 64 * conv modulo 2^32, which is 64 * conv itself if |64 * conv| is below 2^31.
/// A tile of two outputs instead of four is the same on the pixels 0, 1, 2, 1, 2, 3 without the positions of the points 2 and -2.
/// </para>
/// </summary>
/// <param name="Tier">Instruction set.</param>
/// <param name="Geometry">The convolution.</param>
public sealed record WinogradLayout(InstructionSet Tier, ConvGeometry Geometry)
{
    /// <summary>Positions of a transformed tile.</summary>
    public const int Positions = 36;

    /// <summary>Rows and columns of codes of a tile.</summary>
    public const int Side = 6;

    /// <summary>Smallest map of a layer whose transformed weights stay in the caches: below it the other kernels are as fast for less memory.</summary>
    public const int MinMap = 14;

    /// <summary>Smallest map of a layer that transforms its weights, which few tiles then use.</summary>
    public const int MinTransformedMap = 7;

    private const int CacheLine = 64;
    private const int ChannelStep = 32;
    private const int MostWeightBytes = 640 << 10;

    // A pass takes whole pairs of channels, however often their number is halved.
    private const int MostChannels = 4096;

    // Two pixels are loaded and stored as eight int16 lanes: up to as many bytes behind the last one are touched.
    private const int PhaseVector = 8 * sizeof(short);

    /// <summary>Phases of rows, and of columns: the stride.</summary>
    public int Phases => Geometry.Stride.Height;

    /// <summary>Rows and columns of weights: those of a phase.</summary>
    public int Taps => (Geometry.Kernel.Height + Phases - 1) / Phases;

    /// <summary>Rows and columns of outputs of a tile.</summary>
    public int Outputs => Side + 1 - Taps;

    /// <summary>
    /// Input channels of a tile. Without phases: the layer's, rounded up to what the widest vector transforms at once; the codes behind a pixel's channels meet zero
    /// weights. With phases: [row phase][column phase][channel].
    /// </summary>
    public int Channels => Phases == 1 ? RoundUp(Geometry.Input.Channels, ChannelStep) : Phases * PhaseLanes;

    /// <summary>Codes of a column of a tile and one row phase, consecutive in the input: two pixels.</summary>
    public int PhaseLanes => Phases * Geometry.Input.Channels;

    /// <summary>Products computed for every multiply-accumulate of the layer, not counting tiles that overlap.</summary>
    public double ProductsPerMac => Positions * Phases * Phases / (double)(Outputs * Outputs * Geometry.Kernel.Height * Geometry.Kernel.Width);

    /// <summary>Tiles per row; of four columns of outputs the last one has two where no more are left, and it overlaps its neighbour where it would still stick out.</summary>
    public int TilesPerRow => (Geometry.Output.Width + Outputs - 1) / Outputs;

    /// <summary>Whether the last tile of a row has two columns of outputs.</summary>
    public bool EndsInHalf => Outputs == 4 && Geometry.Output.Width % Outputs is 1 or 2;

    /// <summary>Rows of tiles whose transforms are in memory at the same time: what the second-level cache holds beside the weights.</summary>
    public int TileRows
    {
        get
        {
            int rows = (Geometry.Output.Height + Outputs - 1) / Outputs;
            long budget = TransformsWeights ? 700 << 10 : 280 << 10;
            long perRow = Positions * TilesPerRow * ((Channels * sizeof(short)) + (16 * Blocks * sizeof(int)));
            return (int)Math.Max(1, Math.Min(rows, budget / perRow));
        }
    }

    /// <summary>Blocks of sixteen output channels that are computed together.</summary>
    public int Blocks => Tier == InstructionSet.Avx512 && Geometry.Output.Channels % 32 == 0 ? 2 : 1;

    /// <summary>Tiles of a register tile: as many as leave the fewest over, of all rows of tiles and, where the last one has two rows of outputs, of all but that.</summary>
    public int TilesPerProduct
    {
        get
        {
            bool half = Outputs == 4 && Geometry.Output.Height % Outputs is 1 or 2 && TileRows * Outputs >= Geometry.Output.Height;
            return FewestOver(TilesPerRow * TileRows, half ? TilesPerRow * (TileRows - 1) : 0);
        }
    }

    /// <summary>Tiles of a register tile at the positions that a half tile lacks, where <see cref="EndsInHalf"/>: those of a row but the last.</summary>
    public int TilesPerWholeProduct => FewestOver(TilesPerRow - 1);

    /// <summary>Tiles that a position has room for: the last register tile may lie beyond the last tile.</summary>
    public int TileRoom => Math.Max(
        RoundUp(TilesPerRow * TileRows, TilesPerProduct), EndsInHalf ? (TilesPerRow * (TileRows - 1)) + RoundUp(TilesPerRow - 1, TilesPerWholeProduct) : 0);

    /// <summary>int16 values from one position of the transformed input to the next: an odd number of cache lines, so that 36 streams do not share a set.</summary>
    public int InputStride => OddLines((TileRoom * Channels * sizeof(short)) + (Phases == 1 ? 0 : PhaseVector)) / sizeof(short);

    /// <summary>int32 values from one position of the products to the next.</summary>
    public int ProductStride => OddLines(TileRoom * Blocks * 16 * sizeof(int)) / sizeof(int);

    /// <summary>Byte offset of the products in the scratch memory.</summary>
    public int ProductOffset => Positions * InputStride * sizeof(short);

    /// <summary>Byte offset of a small buffer of one tile.</summary>
    public int TileOffset => ProductOffset + (Positions * ProductStride * sizeof(int));

    /// <summary>Byte offset of transformed weights in the scratch memory, where <see cref="TransformsWeights"/>.</summary>
    public int WeightOffset => TileOffset + (Positions * Blocks * CacheLine);

    /// <summary>Byte offset of the rows of a row of tiles whose columns are transformed, where there are phases.</summary>
    public int RowOffset => WeightOffset;

    /// <summary>int16 values of such a row: [row of codes][row phase][column phase and channel of all columns].</summary>
    public int RowStride => OddLines((((Geometry.Output.Width + Taps - 1) * PhaseLanes) + ChannelStep) * sizeof(short)) / sizeof(short);

    /// <summary>Bytes of scratch memory of one thread.</summary>
    public int ScratchBytes => WeightOffset + (TransformsWeights ? Blocks * TransformedBytes : Phases == 1 ? 0 : Side * Phases * RowStride * sizeof(short));

    /// <summary>Input channels that are multiplied at a time: half as many, as often as it takes for weights that every inference transforms to fit in the second-level cache.</summary>
    public int ChannelsPerPass
    {
        get
        {
            int channels = Channels;
            while (TransformsWeights && Blocks * Positions * channels * 16 * sizeof(short) > MostWeightBytes)
            {
                channels /= 2;
            }

            return channels;
        }
    }

    /// <summary>int16 values from one position of transformed weights to the next.</summary>
    public int WeightStride => OddLines(ChannelsPerPass * 16 * sizeof(short)) / sizeof(short);

    /// <summary>Bytes of the transformed weights of sixteen output channels and the input channels of a pass.</summary>
    public int TransformedBytes => Positions * WeightStride * sizeof(short);

    /// <summary>Bytes of the weights of sixteen output channels as they are kept.</summary>
    public int BlockBytes => TransformsWeights ? Taps * Taps * Channels * 16 : TransformedBytes;

    /// <summary>
    /// Whether every inference transforms the weights, a few blocks at a time. They are eight times as large transformed: where all of them together leave
    /// the second-level cache, transforming takes about as long as bringing them from behind it, and the network loads sooner and takes less memory.
    /// </summary>
    public bool TransformsWeights => Phases == 1 && (long)Geometry.Output.Channels * Positions * Channels * sizeof(short) > 256 << 10;

    /// <summary>Whether every inference's transforms of weights take at least twice the time of those of codes: threads then take output channels each, not rows.</summary>
    public bool TransformsMostlyWeights => TransformsWeights && Geometry.Output.Channels >= 4 * TilesPerRow * ((Geometry.Output.Height + Outputs - 1) / Outputs);

    /// <summary>Bytes of the weights as they are kept.</summary>
    public long WeightBytes => Geometry.Output.Channels / 16 * (long)BlockBytes;

    /// <summary>Whether a layer has the shape for it, and its proof holds.</summary>
    public static bool Serves(ConvGeometry geometry, TensorStorage input, WeightFacts facts) =>
        geometry is { Dilation: { Height: 1, Width: 1 }, Groups: 1 }
        && geometry.Output.Channels % 16 == 0
        && (ManyChannels(geometry) || FewChannels(geometry))
        && Math.Min(geometry.Output.Height, geometry.Output.Width) >= (new WinogradLayout(InstructionSet.Avx512, geometry).TransformsWeights ? MinTransformedMap : MinMap)
        && Proven(input, facts);

    private static bool ManyChannels(ConvGeometry geometry) =>
        geometry is { Kernel: { Height: 3, Width: 3 }, Stride: { Height: 1, Width: 1 }, Input.Channels: <= MostChannels }
        && geometry.Input.Channels % 16 == 0 && new WinogradLayout(InstructionSet.Avx512, geometry).Channels * 4 <= geometry.Input.Channels * 5;

    // Two pixels must fit in eight lanes.
    private static bool FewChannels(ConvGeometry geometry) =>
        geometry is { Kernel: { Height: 7, Width: 7 }, Stride: { Height: 2, Width: 2 }, ContiguousRows: true, Input.Channels: <= 4 };

    /// <summary>Whether |64 * sum of stored code * weight| stays below 2^31 in every channel.</summary>
    public static bool Proven(TensorStorage input, WeightFacts facts) =>
        64L * input.StoredHi * Math.Max(facts.PositiveSum, -facts.NegativeSum) < 1L << 31;

    private int FewestOver(params int[] counts)
    {
        int most = Tier switch { InstructionSet.Avx512 => 14, InstructionSet.Avx2 => 6, _ => 3 };
        int least = Math.Min(most - 1, 3);
        return Enumerable.Range(least, most - least + 1).OrderBy(n => counts.Sum(count => RoundUp(count, n))).ThenByDescending(n => n).First();
    }

    private static int RoundUp(int count, int unit) => (count + unit - 1) / unit * unit;

    private static int OddLines(int bytes)
    {
        int lines = (bytes + CacheLine - 1) / CacheLine;
        return (lines | 1) * CacheLine;
    }
}
