using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hawq.Gpu.Tests;

/// <summary>Codes of tensors as they lie in device memory, and back.</summary>
internal static class DeviceCodes
{
    /// <summary>Codes of every tensor (NHWC, images one after the other) by name; the caller's input, buffer 0, is left out.</summary>
    /// <param name="program">The program.</param>
    /// <param name="batch">Images.</param>
    /// <param name="words">Gives the words of a buffer.</param>
    public static Dictionary<string, int[]> ReadAll(DeviceProgram program, int batch, Func<int, int[]> words) =>
        Enumerable.Range(1, program.Buffers.Count - 1).ToDictionary(i => program.Buffers[i].Name, i => Read(program.Buffers[i], batch, words(i)));

    /// <summary>The codes in a buffer, padding left out.</summary>
    public static int[] Read(DeviceBuffer buffer, int batch, int[] words)
    {
        int length = buffer.Pixels * buffer.Channels;
        int[] codes = new int[batch * length];
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(words.AsSpan());
        for (int image = 0; image < batch; image++)
        {
            buffer.Read(bytes, image, codes.AsSpan(image * length, length));
        }

        return codes;
    }

    /// <summary>The words of a buffer that holds the codes, with noise in the padding channels: no kernel may depend on them.</summary>
    public static int[] Write(DeviceBuffer buffer, int batch, ReadOnlySpan<int> codes)
    {
        int[] words = new int[buffer.Words(batch)];
        Span<byte> bytes = MemoryMarshal.AsBytes(words.AsSpan());
        new Random(1).NextBytes(bytes);
        for (int i = 0; i < codes.Length; i++)
        {
            int at = (i / buffer.Channels * buffer.Stride) + (i % buffer.Channels);
            switch (buffer.Element)
            {
                case DeviceElement.U4:
                    int shift = (at & 1) * 4;
                    bytes[at >> 1] = (byte)((bytes[at >> 1] & ~(15 << shift)) | (codes[i] << shift));
                    break;
                case DeviceElement.S16:
                    BinaryPrimitives.WriteInt16LittleEndian(bytes[(2 * at)..], checked((short)codes[i]));
                    break;
                case DeviceElement.S32:
                    BinaryPrimitives.WriteInt32LittleEndian(bytes[(4 * at)..], codes[i]);
                    break;
                default:
                    bytes[at] = unchecked((byte)codes[i]);
                    break;
            }
        }

        return words;
    }

    /// <summary>The inputs that a caller passes, one behind the other, as words.</summary>
    public static int[] Inputs(byte[][] images)
    {
        byte[] bytes = [.. images.SelectMany(image => image), 0, 0, 0];
        return MemoryMarshal.Cast<byte, int>(bytes.AsSpan(0, bytes.Length / 4 * 4)).ToArray();
    }
}
