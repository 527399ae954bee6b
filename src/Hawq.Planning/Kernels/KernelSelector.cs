using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Chooses, for every instruction-set tier, the cheapest kernel whose proof holds.</summary>
internal static class KernelSelector
{
    /// <summary>The kernels of a layer, best tier first, <see cref="KernelChoice.Scalar"/> last.</summary>
    public static EquatableArray<KernelChoice> Select(
        ConvGeometry geometry, TensorStorage input, LinearLayer layer, Epilogue epilogue, KernelPreference preference)
    {
        IEnumerable<KernelChoice> kernels = KernelCatalog.For(geometry, input, layer.Facts, epilogue, preference.Plain).Where(kernel => preference.Allows(kernel.Tier));
        if (preference.Forced is { } forced && kernels.Any())
        {
            kernels = [forced];
        }

        return kernels.Append(KernelChoice.Scalar).ToEquatableArray();
    }

    /// <summary>Bytes of a layer's weights in a kernel's packing.</summary>
    public static long PackedBytes(KernelChoice kernel, ConvGeometry geometry)
    {
        long rows = (long)geometry.Output.Channels * geometry.Kernel.Height * geometry.Kernel.Width * geometry.GroupInputChannels;
        long blocks = (geometry.Output.Channels + kernel.BlockChannels - 1) / kernel.BlockChannels;
        return kernel.Packing switch
        {
            WeightPacking.Winograd4 => new WinogradLayout(kernel.Tier, geometry).WeightBytes,
            WeightPacking.TapMajor => blocks * kernel.BlockChannels * ((geometry.Kernel.Height + 1) / 2) * geometry.Kernel.Width * 2 * sizeof(short),
            WeightPacking.Interleaved4 => InterleavedBytes(kernel, geometry, blocks),
            _ => rows,
        };
    }

    // Widened weights are int16. Correction steps lie behind the weights; in the worst case every step has one.
    private static long InterleavedBytes(KernelChoice kernel, ConvGeometry geometry, long blocks)
    {
        long steps = (long)geometry.Kernel.Height * geometry.RunsPerRow * geometry.StepsPerRun;
        long weights = blocks * kernel.BlockChannels * steps * 4;
        return kernel.Family switch
        {
            KernelFamily.Tree => (2 * weights) + (blocks * kernel.BlockChannels / 16 * (steps + 16) * sizeof(int)),
            KernelFamily.Widen => 2 * weights,
            _ => weights,
        };
    }
}
