namespace Hawq.Model;

/// <summary>The unpacked weights of a network: one signed byte per weight, whatever their bit-width in the sidecar.</summary>
public sealed class NetworkWeights
{
    private readonly byte[] _sidecar;

    /// <summary>Wraps the bytes of a sidecar whose length and hash have been checked by the reader.</summary>
    public NetworkWeights(byte[] sidecar) => _sidecar = sidecar;

    /// <summary>The raw bytes of the sidecar. Not a copy: do not write to it.</summary>
    public byte[] Sidecar => _sidecar;

    /// <summary>
    /// Unpacks one layer's weights, in the order [output channel][kernel row][kernel column][input channel].
    /// </summary>
    public sbyte[] Unpack(WeightTensor weights)
    {
        sbyte[] codes = new sbyte[checked((int)weights.Count)];
        int bits = weights.Bits;
        int next = 0;
        for (int o = 0; o < weights.OutputChannels; o++)
        {
            long start = weights.Offset + ((long)o * weights.BytesPerChannel);
            for (int i = 0; i < weights.PerChannel; i++)
            {
                int bit = i * bits;
                int field = _sidecar[start + (bit >> 3)] << (24 - (bit & 7)) << (8 - bits);
                codes[next++] = (sbyte)(field >> (32 - bits));
            }
        }

        return codes;
    }
}
