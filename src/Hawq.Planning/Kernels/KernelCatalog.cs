using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// The vector kernels that are exact for a layer, per instruction-set tier, with tile and window: the choice follows measured rates
/// (docs/kernels.md).
/// </summary>
public static class KernelCatalog
{
    /// <summary>The kernels of a layer, best tier first; empty where only plain C# serves.</summary>
    /// <param name="geometry">Shapes.</param>
    /// <param name="input">Codes.</param>
    /// <param name="facts">Weights.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="plain">Without sums in int16 and without Winograd (<see cref="KernelPreference.Plain"/>).</param>
    public static IEnumerable<KernelChoice> For(ConvGeometry geometry, TensorStorage input, WeightFacts facts, Epilogue epilogue, bool plain = false)
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

        bool winograd = !plain && WinogradLayout.Serves(geometry, input, facts);
        int map = Math.Min(geometry.Output.Height, geometry.Output.Width);
        if (winograd && geometry.Stride.Height == 1 && map >= WinogradLayout.MinMap)
        {
            foreach (InstructionSet tier in new[] { InstructionSet.Avx512, InstructionSet.Avx2, InstructionSet.Vector128 })
            {
                yield return Winograd(tier, geometry);
            }

            yield break;
        }

        // 512-bit int16 lanes beat 256-bit vpdpbusd; vpdpbusd beats everything else.
        KernelChoice wide = Direct(InstructionSet.Avx512);
        if (wide.Family != KernelFamily.Widen)
        {
            yield return wide;
        }

        yield return new KernelChoice(InstructionSet.AvxVnni, KernelFamily.Dot4, WeightPacking.Interleaved4, 16, PixelsFor(geometry, VnniPixels), 0);
        if (wide.Family == KernelFamily.Widen)
        {
            yield return wide;
        }

        yield return Direct(InstructionSet.Avx2);
        yield return Direct(InstructionSet.Vector128);

        // With stride 2 Winograd saves two products of three: no more than products of bytes do. It replaces the products of int16 values. At 7x7 it saves as many,
        // which int16 lanes make up for.
        KernelChoice Direct(InstructionSet tier)
        {
            KernelChoice best = Best(tier, geometry, input, facts, plain);
            bool slower = geometry.Stride.Height > 1 ? best.Family == KernelFamily.Widen
                : tier == InstructionSet.Avx512 && (best.Family != KernelFamily.Maddubs16 || map > WinogradLayout.MinTransformedMap);
            return winograd && slower ? Winograd(tier, geometry) : best;
        }
    }

    private static KernelChoice Winograd(InstructionSet tier, ConvGeometry geometry)
    {
        WinogradLayout layout = new(tier, geometry);
        return new KernelChoice(tier, KernelFamily.Winograd4, WeightPacking.Winograd4, 16 * layout.Blocks, layout.TilesPerProduct, 0);
    }

    private static KernelChoice Best(InstructionSet tier, ConvGeometry geometry, TensorStorage input, WeightFacts facts, bool plain)
    {
        int runs = geometry.Kernel.Height * geometry.RunsPerRow;
        int steps = geometry.StepsPerRun;

        // A window of several runs must be the whole kernel; a run of its own inside a row (dilation) only has the facts of single steps.
        int longest = KernelProofs.Proven(input, facts)
            .Where(w => !plain || w.Steps == 1)
            .Where(w => w.Steps == steps * runs || (w.Steps <= steps && geometry.RunsPerRow == 1) || w.Steps == 1)
            .Select(w => w.Steps).DefaultIfEmpty(0).First();
        if (longest > MaxTreeWindow)
        {
            return Kernel(KernelFamily.Maddubs16, longest);
        }

        if (longest > 1 || (longest == 1 && input.StoredHi > KernelProofs.MaxCodeForAnyPair))
        {
            return Kernel(KernelFamily.Tree, longest);
        }

        if (input.StoredHi <= KernelProofs.MaxCodeForAnyPair)
        {
            int window = plain || geometry.RunsPerRow > 1 ? 1
                : tier == InstructionSet.Avx512 && steps > 2 && BellShapedFits(geometry, input, facts, 3, 2.3) ? 3
                : steps > 1 && (FewCorrections(input, facts) || BellShapedFits(geometry, input, facts, 2, 1.7)) ? 2 : 1;
            return Kernel(KernelFamily.Tree, window);
        }

        return Kernel(KernelFamily.Widen, 0);

        KernelChoice Kernel(KernelFamily family, int window)
        {
            (int pixels, int channels) = TileOf(tier, geometry, window);
            return new KernelChoice(tier, family, WeightPacking.Interleaved4, channels, pixels, window);
        }
    }

    // Two steps: a worst window of up to 1.6 times what fits. Of bell-shaped weights then one window in ten or fewer has a correction step; evenly distributed
    // ones, 1.8 times too large, have them everywhere. The facts state only the worst window, not how many are too large.
    private static bool FewCorrections(TensorStorage input, WeightFacts facts) =>
        KernelProofs.Find(facts, 2) is { } window
        && Math.Max(window.Positive, -window.Negative) * (long)input.StoredHi * 5 <= short.MaxValue * 8L;

    /// <summary>
    /// Two steps cost 3 multiplications instead of 4, three steps 4 instead of 4.5 by twos: they pay if fewer than one window in two, or in four, needs a
    /// correction step. For normally distributed weights, with P the largest one-sided sum of a channel of K weights, the n weights of a window sum to n P / K on
    /// average, with a deviation of sqrt(2.14 n) P / K; the limit must lie some deviations above. That is so in the channel with the largest sum; in the others it
    /// lies about 0.7 further away.
    /// </summary>
    private static bool BellShapedFits(ConvGeometry geometry, TensorStorage input, WeightFacts facts, int steps, double deviations)
    {
        int weights = 2 * steps;
        double limit = (double)short.MaxValue / input.StoredHi * geometry.Kernel.Height * geometry.Kernel.Width * geometry.GroupInputChannels;
        double sum = Math.Max(facts.PositiveSum, -facts.NegativeSum);
        double room = limit - (weights * sum);
        return room > 0 && room * room >= 2.14 * weights * deviations * deviations * sum * sum;
    }

    /// <summary>Longest window that is unrolled and widened as one expression; longer ones accumulate in int16 registers.</summary>
    private const int MaxTreeWindow = 4;

    // Of its own text, and of the one for AVX2 that widens in every step, which it takes instead where there is one.
    private const int VnniPixels = 5;

    // The window is 0 for kernels that do not sum in int16: widening a pixel's codes takes two instructions, which more blocks of output channels share. Longer sums than a tree's have accumulators of both widths.
    private static (int Pixels, int Channels) TileOf(InstructionSet tier, ConvGeometry geometry, int window)
    {
        bool two = geometry.Output.Channels > 16;
        (int pixels, int channels) = tier switch
        {
            InstructionSet.Avx512 when window is > 0 and <= MaxTreeWindow => two ? (8, 32) : (16, 16),
            InstructionSet.Avx512 when window == 0 && geometry.Output.Channels % 48 == 0 => (6, 48),
            InstructionSet.Avx512 when window == 0 && geometry.Output.Channels % 64 == 0 => (4, 64),
            InstructionSet.Avx512 => two ? (7, 32) : (14, 16),
            InstructionSet.Avx2 => (window == 1 ? VnniPixels : window > 0 ? 4 : 3, 16),
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
        && epilogue.Requantize is { Form: RequantizeForm.HighHalf or RequantizeForm.Int32 }
        && (epilogue.Residual is null || (Narrow(epilogue.Residual.Self) && Narrow(epilogue.Residual.Other)))
        && epilogue.Stores.All(store => Narrow(store.Requantize));

    private static bool Narrow(Requantizer requantizer) => requantizer.Form != RequantizeForm.Wide;
}
