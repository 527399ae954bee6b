using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// The vector kernels that are exact for a layer, per instruction-set tier, with tile and window: the choice follows measured rates
/// (docs/kernels.md).
/// </summary>
public static class KernelCatalog
{
    /// <summary>The kernels of a layer, best tier first; empty where only plain C# serves.</summary>
    public static IEnumerable<KernelChoice> For(ConvGeometry geometry, TensorStorage input, WeightFacts facts, Epilogue epilogue)
    {
        if (!Vectorizable(geometry, input, epilogue))
        {
            yield break;
        }

        if (geometry.Depthwise)
        {
            yield return new KernelChoice(InstructionSet.Avx512, KernelFamily.Depthwise, WeightPacking.TapMajor, 16, PixelsFor(geometry, 8), 0);
            yield return new KernelChoice(InstructionSet.Avx2, KernelFamily.Depthwise, WeightPacking.TapMajor, 16, PixelsFor(geometry, 4), 0);
            yield return new KernelChoice(InstructionSet.Vector128, KernelFamily.Depthwise, WeightPacking.TapMajor, 16, PixelsFor(geometry, 2), 0);
            yield break;
        }

        if (WinogradLayout.Serves(geometry, input, facts))
        {
            foreach (InstructionSet tier in new[] { InstructionSet.Avx512, InstructionSet.Avx2, InstructionSet.Vector128 })
            {
                WinogradLayout layout = new(tier, geometry);
                yield return new KernelChoice(tier, KernelFamily.Winograd4, WeightPacking.Winograd4, 16 * layout.Blocks, layout.TilesPerProduct, 0);
            }

            yield break;
        }

        // 512-bit int16 lanes beat 256-bit vpdpbusd; vpdpbusd beats everything else.
        KernelChoice wide = Best(InstructionSet.Avx512, geometry, input, facts);
        if (wide.Family != KernelFamily.Widen)
        {
            yield return wide;
        }

        yield return new KernelChoice(InstructionSet.AvxVnni, KernelFamily.Dot4, WeightPacking.Interleaved4, 16, PixelsFor(geometry, VnniPixels), 0);
        if (wide.Family == KernelFamily.Widen)
        {
            yield return wide;
        }

        yield return Best(InstructionSet.Avx2, geometry, input, facts);
        yield return Best(InstructionSet.Vector128, geometry, input, facts);
    }

    private static KernelChoice Best(InstructionSet tier, ConvGeometry geometry, TensorStorage input, WeightFacts facts)
    {
        int runs = geometry.Kernel.Height * geometry.RunsPerRow;
        int steps = geometry.StepsPerRun;
        (int pixels, int channels) = TileOf(tier, geometry, 0);

        // A window of several runs must be the whole kernel; a run of its own inside a row (dilation) only has the facts of single steps.
        int longest = KernelProofs.Proven(input, facts)
            .Where(w => w.Steps == steps * runs || (w.Steps <= steps && geometry.RunsPerRow == 1) || w.Steps == 1)
            .Select(w => w.Steps).DefaultIfEmpty(0).First();
        if (longest > MaxTreeWindow)
        {
            return new KernelChoice(tier, KernelFamily.Maddubs16, WeightPacking.Interleaved4, channels, pixels, longest);
        }

        if (longest > 1 || (longest == 1 && input.StoredHi > KernelProofs.MaxCodeForAnyPair))
        {
            (pixels, channels) = TileOf(tier, geometry, longest);
            return new KernelChoice(tier, KernelFamily.Tree, WeightPacking.Interleaved4, channels, pixels, longest);
        }

        if (input.StoredHi <= KernelProofs.MaxCodeForAnyPair)
        {
            int window = geometry.RunsPerRow == 1 && steps > 1 && FewCorrections(input, facts, 2) ? 2 : 1;
            (pixels, channels) = TileOf(tier, geometry, window);
            return new KernelChoice(tier, KernelFamily.Tree, WeightPacking.Interleaved4, channels, pixels, window);
        }

        return new KernelChoice(tier, KernelFamily.Widen, WeightPacking.Interleaved4, channels, pixels, 0);
    }

    // A worst window of up to 1.6 times what fits. The limit is a guess from two CIFAR networks: the worst window says little about how many
    // windows are too large, and the facts do not count them.
    private static bool FewCorrections(TensorStorage input, WeightFacts facts, int steps) =>
        KernelProofs.Find(facts, steps) is { } window
        && Math.Max(window.Positive, -window.Negative) * (long)input.StoredHi * 5 <= short.MaxValue * 8L;

    /// <summary>Longest window that is unrolled and widened as one expression; longer ones accumulate in int16 registers.</summary>
    private const int MaxTreeWindow = 4;

    // AVX2 has the same tile where it widens in every step, so that one text serves both.
    private const int VnniPixels = 5;

    private static (int Pixels, int Channels) TileOf(InstructionSet tier, ConvGeometry geometry, int treeWindow)
    {
        bool two = geometry.Output.Channels > 16;
        (int pixels, int channels) = tier switch
        {
            InstructionSet.Avx512 when treeWindow > 0 => two ? (8, 32) : (16, 16),
            InstructionSet.Avx512 => two ? (7, 32) : (14, 16),
            InstructionSet.Avx2 => (treeWindow == 1 ? VnniPixels : treeWindow > 0 ? 4 : 3, 16),
            _ => (2, 16),
        };
        return (PixelsFor(geometry, pixels), channels);
    }

    /// <summary>The tile width of at most <paramref name="most"/> pixels: one that divides the row, where that costs less than half of it.</summary>
    private static int PixelsFor(ConvGeometry geometry, int most)
    {
        for (int pixels = most; pixels * 9 >= most * 5; pixels--)
        {
            if (geometry.Output.Width % pixels == 0)
            {
                return pixels;
            }
        }

        return most;
    }

    /// <summary>Whether the vector kernels can compute a layer at all.</summary>
    private static bool Vectorizable(ConvGeometry geometry, TensorStorage input, Epilogue epilogue) =>
        (geometry.Groups == 1 || geometry.Depthwise)
        && input.Element == ElementType.UInt8
        && epilogue.Requantize is { Form: RequantizeForm.HighHalf }
        && (epilogue.Residual is null || (Narrow(epilogue.Residual.Self) && Narrow(epilogue.Residual.Other)))
        && epilogue.Stores.All(store => Narrow(store.Requantize));

    private static bool Narrow(Requantizer requantizer) => requantizer.Form != RequantizeForm.Wide;
}
