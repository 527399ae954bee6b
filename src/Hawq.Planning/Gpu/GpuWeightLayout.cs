namespace Hawq.Planning.Gpu;

/// <summary>How a convolution's weights and per-channel constants lie in device memory; filled once at load.</summary>
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

    /// <summary>bias, multiplier, shift: three runs of <see cref="TableChannels"/> words; padding channels give 0.</summary>
    public static int[] Table(GpuConvStep step, sbyte[] weights)
    {
        int length = TableChannels(step);
        int perChannel = step.Weights.Source.PerChannel;
        int[] table = new int[3 * length];
        for (int o = 0; o < length; o++)
        {
            bool real = o < step.Geometry.Output.Channels;
            int sum = 0;
            for (int i = 0; real && i < perChannel; i++)
            {
                sum += weights[(o * perChannel) + i];
            }

            table[o] = real ? checked(step.Weights.Bias[o] - (step.Input.Tensor.ZeroPoint * sum)) : 0;
            table[length + o] = real ? step.Weights.Multipliers[o].Multiplier : 1 << 30;
            table[(2 * length) + o] = real ? step.Weights.Multipliers[o].Shift : 62;
        }

        return table;
    }

    /// <summary>The weights in the order in which the kernel reads them, as 32-bit words.</summary>
    /// <param name="step">The convolution.</param>
    /// <param name="weights">[output channel][kernel row][kernel column][input channel of the group].</param>
    public static int[] Pack(GpuConvStep step, sbyte[] weights) => step.Kernel.Family switch
    {
        GpuConvFamily.Plain => PackPlain(step, weights),
        GpuConvFamily.Dot4 => PackDot4(step, weights),
        _ => PackTensorCore(step, weights),
    };

    /// <summary>[block of channels][unit][channel of the block]: 16 bytes (or 32 nibbles, low first) of consecutive input channels.</summary>
    private static int[] PackTensorCore(GpuConvStep step, sbyte[] weights)
    {
        int block = step.Kernel.BlockChannels;
        int bits = step.Kernel.Family == GpuConvFamily.TensorCore4 ? 4 : 8;
        int perUnit = GpuPlanner.UnitBytes * 8 / bits;
        int units = StagedUnits(step);
        int unitsPerTap = step.Input.PixelBytes / GpuPlanner.UnitBytes;
        int inputs = step.Geometry.Input.Channels;
        int taps = step.Geometry.Kernel.Height * step.Geometry.Kernel.Width;
        int[] packed = new int[TableChannels(step) * units * 4];
        for (int o = 0; o < step.Geometry.Output.Channels; o++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                for (int c = 0; c < inputs; c++)
                {
                    int unit = (tap * unitsPerTap) + (c / perUnit);
                    int at = (((o / block * units) + unit) * block) + (o % block);
                    int bit = c % perUnit * bits;
                    int code = weights[(((o * taps) + tap) * inputs) + c] & ((1 << bits) - 1);
                    packed[(at * 4) + (bit / 32)] |= code << (bit % 32);
                }
            }
        }

        return packed;
    }

    /// <summary>[block of channels][tap][word of four input channels][channel of the block].</summary>
    private static int[] PackDot4(GpuConvStep step, sbyte[] weights)
    {
        int block = step.Kernel.BlockChannels;
        int words = step.Input.PixelBytes / 4;
        int inputs = step.Geometry.Input.Channels;
        int taps = step.Geometry.Kernel.Height * step.Geometry.Kernel.Width;
        int[] packed = new int[TableChannels(step) * taps * words];
        for (int o = 0; o < step.Geometry.Output.Channels; o++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                for (int c = 0; c < inputs; c++)
                {
                    int at = ((((o / block * taps) + tap) * words) + (c / 4)) * block;
                    packed[at + (o % block)] |= (weights[(((o * taps) + tap) * inputs) + c] & 255) << (8 * (c % 4));
                }
            }
        }

        return packed;
    }

    /// <summary>The weights as they are, a byte each.</summary>
    private static int[] PackPlain(GpuConvStep step, sbyte[] weights)
    {
        int bytes = TableChannels(step) * step.Weights.Source.PerChannel;
        int[] packed = new int[(bytes + 3) / 4];
        for (int i = 0; i < weights.Length; i++)
        {
            packed[i / 4] |= (weights[i] & 255) << (8 * (i % 4));
        }

        return packed;
    }
}
