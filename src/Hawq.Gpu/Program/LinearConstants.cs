namespace Hawq.Gpu;

/// <summary>Weights (in the sidecar) and per-channel constants of a convolution or fully connected layer.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Offset">Byte offset of the weights in the sidecar.</param>
/// <param name="Bits">Bits per weight: 2, 4 or 8; every output channel starts at a whole byte.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Taps">Kernel rows x columns.</param>
/// <param name="Inputs">Input channels of a group.</param>
/// <param name="ZeroPoint">Zero point of the input; its contribution is folded into the bias.</param>
/// <param name="Bias">Per output channel.</param>
/// <param name="Multipliers">b of the dyadic number b / 2^c, per output channel.</param>
/// <param name="Shifts">c, per output channel.</param>
public sealed record LinearConstants(
    string Name, int Offset, int Bits, int Channels, int Taps, int Inputs, int ZeroPoint,
    IReadOnlyList<int> Bias, IReadOnlyList<int> Multipliers, IReadOnlyList<byte> Shifts)
{
    /// <summary>Weights of one output channel.</summary>
    public int PerChannel => Taps * Inputs;

    /// <summary>The weights as signed bytes: [output channel][kernel row][kernel column][input channel].</summary>
    public sbyte[] Unpack(ReadOnlySpan<byte> sidecar)
    {
        sbyte[] codes = new sbyte[Channels * PerChannel];
        int bytesPerChannel = ((PerChannel * Bits) + 7) / 8;
        int next = 0;
        for (int o = 0; o < Channels; o++)
        {
            ReadOnlySpan<byte> channel = sidecar.Slice(Offset + (o * bytesPerChannel), bytesPerChannel);
            for (int i = 0; i < PerChannel; i++)
            {
                int bit = i * Bits;
                codes[next++] = (sbyte)(channel[bit >> 3] << (24 - (bit & 7)) << (8 - Bits) >> (32 - Bits));
            }
        }

        return codes;
    }
}
