namespace Hawq.Planning.Gpu;

/// <summary>Sizes of a convolution's weights in device memory; Hawq.Gpu packs them at load.</summary>
public static class GpuWeightLayout
{
    /// <summary>Channels of the per-channel table, padding included: whole tiles.</summary>
    public static int TableChannels(GpuConvStep step)
    {
        int multiple = step.Kernel.BlockChannels;
        return (step.Geometry.Output.Channels + multiple - 1) / multiple * multiple;
    }

    /// <summary>16-byte units of the reduction, rounded up to whole stages.</summary>
    public static int StagedUnits(GpuConvStep step)
    {
        int units = step.Geometry.Kernel.Height * step.Geometry.Kernel.Width * (step.Input.PixelBytes / GpuPlanner.UnitBytes);
        return (units + step.Kernel.StageUnits - 1) / step.Kernel.StageUnits * step.Kernel.StageUnits;
    }
}
