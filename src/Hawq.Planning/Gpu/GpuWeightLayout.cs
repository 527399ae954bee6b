namespace Hawq.Planning.Gpu;

/// <summary>Sizes of a convolution's weights in device memory; Hawq.Gpu packs them at load.</summary>
public static class GpuWeightLayout
{
    /// <summary>Taps of a kernel row in a unit of an image with at most four channels: a pixel is a word, a unit is four neighbouring ones.</summary>
    public const int ImageTapsPerUnit = GpuPlanner.UnitBytes / 4;

    /// <summary>Channels of the per-channel table, padding included: whole tiles.</summary>
    public static int TableChannels(GpuConvStep step)
    {
        int multiple = step.Kernel.BlockChannels;
        return (step.Geometry.Output.Channels + multiple - 1) / multiple * multiple;
    }

    /// <summary>Units of a tap; 0 where a unit holds several taps of a kernel row.</summary>
    public static int TapUnits(GpuConvStep step) => step.Input.PixelBytes / GpuPlanner.UnitBytes;

    /// <summary>Units of a kernel row of an image.</summary>
    public static int RowUnits(GpuConvStep step) => (step.Geometry.Kernel.Width + ImageTapsPerUnit - 1) / ImageTapsPerUnit;

    /// <summary>16-byte units of the reduction.</summary>
    public static int Units(GpuConvStep step) =>
        step.Geometry.Kernel.Height * (TapUnits(step) == 0 ? RowUnits(step) : step.Geometry.Kernel.Width * TapUnits(step));

    /// <summary>16-byte units of the reduction, rounded up to whole stages.</summary>
    public static int StagedUnits(GpuConvStep step) => (Units(step) + step.Kernel.StageUnits - 1) / step.Kernel.StageUnits * step.Kernel.StageUnits;
}
