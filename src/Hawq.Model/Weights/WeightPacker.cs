namespace Hawq.Model;

/// <summary>Packs weight codes for the sidecar; the inverse of <see cref="NetworkWeights.Unpack"/>.</summary>
public static class WeightPacker
{
    /// <summary>
    /// Packs codes of 2, 4 or 8 bits, the first in the lowest bits of its byte, two's complement; each output channel starts at a whole byte.
    /// </summary>
    /// <param name="codes">Codes in [-(2^(bits-1)-1), 2^(bits-1)-1], a whole number of output channels.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="perChannel">Codes per output channel.</param>
    /// <exception cref="ArgumentException">A code does not fit, or the counts are wrong.</exception>
    public static byte[] Pack(sbyte[] codes, int bits, int perChannel)
    {
        if (bits is not (2 or 4 or 8))
        {
            throw new ArgumentException($"Weights have 2, 4 or 8 bits, not {bits}.", nameof(bits));
        }

        if (perChannel < 1 || codes.Length % perChannel != 0)
        {
            throw new ArgumentException($"{codes.Length} codes are not a whole number of channels of {perChannel}.", nameof(perChannel));
        }

        int maxCode = (1 << (bits - 1)) - 1;
        int bytesPerChannel = ((perChannel * bits) + 7) / 8;
        byte[] packed = new byte[checked(codes.Length / perChannel * bytesPerChannel)];
        for (int i = 0; i < codes.Length; i++)
        {
            if (Math.Abs((int)codes[i]) > maxCode)
            {
                throw new ArgumentException($"Weight {i} is {codes[i]}, outside [{-maxCode}, {maxCode}].", nameof(codes));
            }

            int bit = i % perChannel * bits;
            int field = (codes[i] & ((1 << bits) - 1)) << (bit & 7);
            packed[(i / perChannel * bytesPerChannel) + (bit >> 3)] |= (byte)field;
        }

        return packed;
    }
}
