namespace Hawq.Planning.Gpu;

/// <summary>
/// Chooses the tile of a tensor-core convolution. Large tiles read every unit for more products, small ones fill all multiprocessors: the cost of a tile is the number
/// of tiles that the busiest of a T4's 40 multiprocessors computes, times what a tile takes there.
/// </summary>
internal static class GpuTiles
{
    /// <summary>The batch that tiles are chosen for; every kernel runs every batch.</summary>
    private const int Batch = 8;

    private const int Multiprocessors = 40;

    /// <summary>Cycles of a tile besides its products, per output: the epilogue, and what it takes to start and end.</summary>
    private const double EpilogueCycles = 0.15;

    private const int StartCycles = 1000;

    /// <summary>Pixels, channels and warps along the pixels. Of tiles with as many outputs the one that reads the fewest units comes first.</summary>
    private static readonly (int Pixels, int Channels, int WarpRows)[] s_tiles =
        [(128, 128, 2), (128, 64, 2), (64, 64, 2), (128, 32, 4), (64, 32, 4), (128, 16, 4), (64, 16, 4)];

    /// <summary>The cheapest tile.</summary>
    /// <param name="family">Family.</param>
    /// <param name="pixels">Output pixels of an image.</param>
    /// <param name="channels">Stored output channels: a multiple of 16.</param>
    /// <param name="units">16-byte units of the reduction.</param>
    /// <param name="keepsShortcut">Whether the values of a shortcut wait in registers: there is no room for those of the largest tile.</param>
    public static GpuConvKernel Choose(GpuConvFamily family, int pixels, int channels, int units, bool keepsShortcut = false) => s_tiles
        .Where(tile => channels % tile.Channels == 0 && !(keepsShortcut && tile.Pixels * tile.Channels > 128 * 64))
        .Select(tile => new GpuConvKernel(family, tile.Pixels, tile.Channels, tile.WarpRows, StageUnits(tile.Pixels, tile.Channels, units)) { KeepsShortcut = keepsShortcut })
        .OrderBy(kernel => Cost(kernel, pixels, channels, units))
        .First();

    /// <summary>Four units a stage where two halves of shared memory and the registers on the way allow it; no more than there are, and one for every thread at least.</summary>
    private static int StageUnits(int pixels, int channels, int units)
    {
        int stage = pixels * channels <= 4096 ? 4 : 2;
        while (stage / 2 >= units && stage / 2 * pixels >= GpuConvKernel.TensorCoreThreads)
        {
            stage /= 2;
        }

        return stage;
    }

    private static double Cost(GpuConvKernel kernel, int pixels, int channels, int units)
    {
        int blocks = ((pixels * Batch) + kernel.BlockPixels - 1) / kernel.BlockPixels * (channels / kernel.BlockChannels);
        int rounds = (blocks + Multiprocessors - 1) / Multiprocessors;

        // Per unit: an mma takes 4 cycles of a warp's tensor core; 64 bytes a cycle come from shared memory, a fragment of 128 bytes for each of four warps; staged units
        // pass twice, on their way to registers and to shared memory.
        double tensor = 4 * kernel.FragmentRows * kernel.FragmentColumns;
        double shared = (8 * (kernel.FragmentRows + kernel.FragmentColumns)) + ((kernel.BlockPixels + kernel.BlockChannels) / 2.0);
        return rounds * (StartCycles + (units * Math.Max(tensor, shared)) + (EpilogueCycles * kernel.BlockPixels * kernel.BlockChannels));
    }
}
