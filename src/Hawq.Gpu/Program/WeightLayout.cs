namespace Hawq.Gpu;

/// <summary>Orders in which kernels read weights.</summary>
public enum WeightOrder
{
    /// <summary>As they are, a byte each.</summary>
    Plain,

    /// <summary>[block of channels][unit][column of the block]: a unit is 16 bytes of consecutive input channels.</summary>
    TensorCore8,

    /// <summary>The same with 32 nibbles per unit, lowest bits first.</summary>
    TensorCore4,
}

/// <summary>How weights and per-channel constants lie in device memory; filled once at load.</summary>
/// <param name="Order">Order.</param>
/// <param name="BlockChannels">Output channels of a block; the last block is filled up with channels that give 0.</param>
/// <param name="TapUnits">Units of input channels per tap; the last is filled up with zero weights. 0: see <see cref="RowTaps"/>.</param>
/// <param name="Units">Units of the whole reduction, rounded up to what a kernel stages at once.</param>
public sealed record WeightLayout(WeightOrder Order, int BlockChannels, int TapUnits, int Units)
{
    /// <summary>Neighbouring output channels that a lane of a tensor-core kernel holds: two of every 8 columns of its warp.</summary>
    public int LaneChannels { get; init; } = 2;

    /// <summary>Taps of a kernel row. Where <see cref="TapUnits"/> is 0 (images with at most four channels) a unit holds four taps of a row, a word each.</summary>
    public int RowTaps { get; init; } = 1;

    /// <summary>Output channels with padding.</summary>
    public int TableChannels(LinearConstants layer) => (layer.Channels + BlockChannels - 1) / BlockChannels * BlockChannels;

    /// <summary>bias with the zero point folded in, multiplier, shift: three runs of <see cref="TableChannels"/> words; padding gives 0.</summary>
    public int[] Table(LinearConstants layer, ReadOnlySpan<sbyte> weights)
    {
        int length = TableChannels(layer);
        int[] table = new int[3 * length];
        table.AsSpan(length, length).Fill(1 << 30);
        table.AsSpan(2 * length).Fill(62);
        for (int o = 0; o < layer.Channels; o++)
        {
            int sum = 0;
            foreach (sbyte weight in weights.Slice(o * layer.PerChannel, layer.PerChannel))
            {
                sum += weight;
            }

            table[o] = checked(layer.Bias[o] - (layer.ZeroPoint * sum));
            table[length + o] = layer.Multipliers[o];
            table[(2 * length) + o] = layer.Shifts[o];
        }

        return table;
    }

    /// <summary>The weights in the order in which the kernel reads them, as 32-bit words.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="weights">[output channel][kernel row][kernel column][input channel of the group].</param>
    public int[] Pack(LinearConstants layer, ReadOnlySpan<sbyte> weights)
    {
        int bits = Order == WeightOrder.TensorCore4 ? 4 : 8;
        int[] packed = new int[PackedWords(layer)];
        for (int o = 0; o < layer.Channels; o++)
        {
            for (int tap = 0; tap < layer.Taps; tap++)
            {
                for (int c = 0; c < layer.Inputs; c++)
                {
                    (int word, int bit) = Place(layer, o, tap, c);
                    packed[word] |= (weights[(((o * layer.Taps) + tap) * layer.Inputs) + c] & ((1 << bits) - 1)) << bit;
                }
            }
        }

        return packed;
    }

    /// <summary>Words of the packed weights.</summary>
    public int PackedWords(LinearConstants layer) =>
        Order == WeightOrder.Plain ? ((TableChannels(layer) * layer.PerChannel) + 3) / 4 : TableChannels(layer) * Units * 4;

    /// <summary>Word and first bit of a weight.</summary>
    private (int Word, int Bit) Place(LinearConstants layer, int o, int tap, int c)
    {
        if (Order == WeightOrder.Plain)
        {
            int index = (((o * layer.Taps) + tap) * layer.Inputs) + c;
            return (index / 4, index % 4 * 8);
        }

        int bits = Order == WeightOrder.TensorCore4 ? 4 : 8;
        int perUnit = 128 / bits;
        (int unit, int bit) = TapUnits > 0
            ? ((tap * TapUnits) + (c / perUnit), c % perUnit * bits)
            : ((tap / RowTaps * ((RowTaps + 3) / 4)) + (tap % RowTaps / 4), (tap % RowTaps % 4 * 32) + (c * bits));
        int place = (((o / BlockChannels * Units) + unit) * BlockChannels) + Column(o % BlockChannels);
        return ((place * 4) + (bit / 32), bit % 32);
    }

    /// <summary>
    /// The column of the block at which a channel stands. Lane l of a warp holds columns 2 (l % 4) and the next of every 8: dealt like this, they are neighbouring channels.
    /// </summary>
    private int Column(int channel)
    {
        int inWarp = channel % (4 * LaneChannels);
        int inLane = inWarp % LaneChannels;
        return channel - inWarp + (inLane / 2 * 8) + (inWarp / LaneChannels * 2) + (inLane % 2);
    }
}
