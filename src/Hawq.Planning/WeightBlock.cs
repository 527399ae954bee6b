namespace Hawq.Planning;

/// <summary>Hands out places in the block of weights and tables.</summary>
internal sealed class WeightBlock
{
    /// <summary>
    /// Arrays of a per-channel table, each <see cref="LinearWeights.PaddedChannels"/> int32 long, in this order: bias (the input's stored zero folded in), multiplier,
    /// the odd channels' multipliers at the even places (for vectors that multiply even lanes), rounding term, final shift.
    /// </summary>
    public const int TableArrays = 5;

    /// <summary>Length so far.</summary>
    public int Bytes { get; private set; }

    /// <summary>The offset of the next <paramref name="bytes"/> bytes, 64-byte aligned.</summary>
    public int Take(long bytes)
    {
        int offset = Bytes;
        Bytes = ArenaAllocator.Align(checked((int)(Bytes + bytes)));
        return offset;
    }
}
