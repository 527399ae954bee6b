using System.Globalization;

namespace Hawq.Model;

/// <summary>
/// The per-channel numbers of a layer as bytes in the sidecar: biases and multipliers (int32, little-endian), then shifts (a byte each). The manifest holds
/// them too, for people and for proofs; generated code reads those of wide layers from here, since thousands of literals are nothing that anybody reviews.
/// </summary>
public static class ChannelTables
{
    /// <summary>Tables of up to this many bytes are literals in the generated code, so that a diff shows them.</summary>
    public const int MaxLiteralBytes = 4096;

    /// <summary>Bytes of the tables of a number of output channels.</summary>
    public static long Bytes(int channels) => ShiftOffset(channels) + channels;

    /// <summary>Byte offset of the multipliers from the tables' start; the biases come first.</summary>
    public static long MultiplierOffset(int channels) => sizeof(int) * (long)channels;

    /// <summary>Byte offset of the shifts.</summary>
    public static long ShiftOffset(int channels) => 2L * sizeof(int) * channels;

    /// <summary>The tables of a layer.</summary>
    /// <param name="bias">Bias per output channel.</param>
    /// <param name="requantize">Dyadic multiplier per output channel, as many.</param>
    public static byte[] Pack(EquatableArray<int> bias, EquatableArray<Dyadic> requantize)
    {
        if (bias.Count != requantize.Count)
        {
            throw new ArgumentException(string.Format(CultureInfo.InvariantCulture, "There are {0} biases, but {1} multipliers.", bias.Count, requantize.Count), nameof(requantize));
        }

        byte[] bytes = new byte[Bytes(bias.Count)];
        for (int o = 0; o < bias.Count; o++)
        {
            Put(bytes, sizeof(int) * o, bias[o]);
            Put(bytes, (int)MultiplierOffset(bias.Count) + (sizeof(int) * o), requantize[o].Multiplier);
            bytes[(int)ShiftOffset(bias.Count) + o] = (byte)requantize[o].Shift;
        }

        return bytes;
    }

    private static void Put(byte[] bytes, int at, int value)
    {
        for (int i = 0; i < sizeof(int); i++)
        {
            bytes[at + i] = unchecked((byte)(value >> (8 * i)));
        }
    }
}
