using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Chooses, for every instruction-set tier, the cheapest kernel whose proof holds.</summary>
internal static class KernelSelector
{
    /// <summary>The kernels of a layer, best tier first, <see cref="KernelChoice.Scalar"/> last.</summary>
    public static EquatableArray<KernelChoice> Select(ConvGeometry geometry, TensorStorage input, LinearLayer layer) =>
        EquatableArray.Of(KernelChoice.Scalar);

    /// <summary>Bytes of a layer's weights in a kernel's packing.</summary>
    public static long PackedBytes(KernelChoice kernel, ConvGeometry geometry)
    {
        long rows = (long)geometry.Output.Channels * geometry.Kernel.Height * geometry.Kernel.Width * geometry.GroupInputChannels;
        long blocks = (geometry.Output.Channels + kernel.BlockChannels - 1) / kernel.BlockChannels;
        return kernel.Packing switch
        {
            WeightPacking.Interleaved4 =>
                blocks * kernel.BlockChannels * geometry.Kernel.Height * geometry.RunsPerRow * geometry.StepsPerRun * 4,
            _ => rows,
        };
    }
}
