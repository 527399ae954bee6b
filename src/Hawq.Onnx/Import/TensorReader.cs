using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using Hawq.Model;
using Hawq.Onnx.Schema;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Import;

/// <summary>Turns a stored tensor into a <see cref="Constant"/>; raw bytes, typed fields or an external data file.</summary>
internal static class TensorReader
{
    /// <param name="tensor">The stored tensor.</param>
    /// <param name="what">How messages call it.</param>
    /// <param name="folder">Folder of the model file: the only place where external data is looked for.</param>
    public static Constant Read(TensorProto tensor, string what, string folder)
    {
        Constant constant = ReadElements(tensor, what, folder);
        return new Constant(constant.Dims, constant.Floats, constant.Integers) { Type = (DataType)tensor.DataType };
    }

    private static Constant ReadElements(TensorProto tensor, string what, string folder)
    {
        int[] dims = Dims(tensor, what, out int count);
        var type = (DataType)tensor.DataType;
        ReadOnlySpan<byte> raw = tensor.DataLocation == TensorProto.Types.DataLocation.External
            ? ExternalData.Read(tensor, what, folder, type is DataType.Int4 or DataType.Uint4 ? (count + 1L) / 2 : (long)count * Math.Max(ElementBytes(type), 1))
            : tensor.RawData.Span;
        bool isRaw = raw.Length > 0;
        if (isRaw && (long)count * ElementBytes(type) != raw.Length && ElementBytes(type) > 0)
        {
            throw Damaged(what, $"{raw.Length} bytes of data where {type} [{string.Join(", ", dims)}] needs {(long)count * ElementBytes(type)}");
        }

        return type switch
        {
            DataType.Float => Constant.OfFloats(dims, isRaw ? Cast<float>(raw) : Copy(tensor.FloatData, x => x, count, what)),
            DataType.Double => Constant.OfFloats(dims, isRaw ? Convert<double>(raw, x => (float)x) : Copy(tensor.DoubleData, x => (float)x, count, what)),
            DataType.Float16 => Constant.OfFloats(
                dims, isRaw ? Convert<ushort>(raw, HalfToFloat) : Copy(tensor.Int32Data, x => HalfToFloat((ushort)x), count, what)),
            DataType.Bfloat16 => Constant.OfFloats(
                dims, isRaw ? Convert<ushort>(raw, BrainToFloat) : Copy(tensor.Int32Data, x => BrainToFloat((ushort)x), count, what)),
            DataType.Int64 => Constant.OfIntegers(dims, isRaw ? Cast<long>(raw) : Copy(tensor.Int64Data, x => x, count, what)),
            DataType.Int32 => Constant.OfIntegers(dims, isRaw ? Integers<int>(raw, x => x) : Copy(tensor.Int32Data, x => (long)x, count, what)),
            DataType.Int16 => Constant.OfIntegers(dims, isRaw ? Integers<short>(raw, x => x) : Copy(tensor.Int32Data, x => (long)x, count, what)),
            DataType.Uint16 => Constant.OfIntegers(dims, isRaw ? Integers<ushort>(raw, x => x) : Copy(tensor.Int32Data, x => (long)x, count, what)),
            DataType.Int8 => Constant.OfIntegers(dims, isRaw ? Integers<sbyte>(raw, x => x) : Copy(tensor.Int32Data, x => (long)x, count, what)),
            DataType.Uint8 or DataType.Bool => Constant.OfIntegers(
                dims, isRaw ? Integers<byte>(raw, x => x) : Copy(tensor.Int32Data, x => (long)x, count, what)),
            DataType.Uint32 => Constant.OfIntegers(dims, isRaw ? Integers<uint>(raw, x => x) : Copy(tensor.Uint64Data, x => (long)x, count, what)),
            DataType.Uint64 => Constant.OfIntegers(
                dims, isRaw ? Integers<ulong>(raw, x => unchecked((long)x)) : Copy(tensor.Uint64Data, x => unchecked((long)x), count, what)),
            DataType.Int4 => Constant.OfIntegers(dims, Nibbles(tensor, raw, count, what, nibble => (nibble ^ 8) - 8)),
            DataType.Uint4 => Constant.OfIntegers(dims, Nibbles(tensor, raw, count, what, nibble => nibble)),
            _ => throw new HawqException(
                HawqIds.OnnxUnsupported,
                $"{what} has element type {type}, which is not supported. Floating-point (16, 32, 64 bits) and integer tensors (4, 8 to 64 bits) are."),
        };
    }

    /// <summary>4-bit elements, two to a byte, the low nibble first.</summary>
    private static long[] Nibbles(TensorProto tensor, ReadOnlySpan<byte> raw, int count, string what, Func<int, int> convert)
    {
        byte[] bytes = raw.Length > 0 ? raw.ToArray() : [.. tensor.Int32Data.Select(value => (byte)value)];
        if (bytes.Length != (count + 1L) / 2)
        {
            throw Damaged(what, $"{bytes.Length} bytes of data where {count} elements of 4 bits need {(count + 1L) / 2}");
        }

        var result = new long[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = convert((bytes[i / 2] >> (4 * (i % 2))) & 15);
        }

        return result;
    }

    private static int[] Dims(TensorProto tensor, string what, out int count)
    {
        long product = 1;
        foreach (long dim in tensor.Dims)
        {
            if (dim < 0 || dim > int.MaxValue || (dim > 0 && product > int.MaxValue / dim))
            {
                throw Damaged(what, $"dimensions [{string.Join(", ", tensor.Dims)}] are negative or too large");
            }

            product *= dim;
        }

        if (tensor.Dims.Count > ImportLimits.MaxRank)
        {
            throw Damaged(what, $"{tensor.Dims.Count} dimensions; at most {ImportLimits.MaxRank} are possible");
        }

        count = (int)product;
        return [.. tensor.Dims.Select(dim => (int)dim)];
    }

    private static int ElementBytes(DataType type) => type switch
    {
        DataType.Int8 or DataType.Uint8 or DataType.Bool => 1,
        DataType.Float16 or DataType.Bfloat16 or DataType.Int16 or DataType.Uint16 => 2,
        DataType.Float or DataType.Int32 or DataType.Uint32 => 4,
        DataType.Double or DataType.Int64 or DataType.Uint64 => 8,
        _ => 0,
    };

    // ONNX stores little-endian; so does every machine that .NET 10 runs on except s390x.
    private static T[] Cast<T>(ReadOnlySpan<byte> raw) where T : struct =>
        BitConverter.IsLittleEndian
            ? MemoryMarshal.Cast<byte, T>(raw).ToArray()
            : throw new PlatformNotSupportedException("ONNX files are read on little-endian machines only.");

    private static float[] Convert<T>(ReadOnlySpan<byte> raw, Func<T, float> convert) where T : struct => Array.ConvertAll(Cast<T>(raw), x => convert(x));

    private static long[] Integers<T>(ReadOnlySpan<byte> raw, Func<T, long> convert) where T : struct => Array.ConvertAll(Cast<T>(raw), x => convert(x));

    private static TResult[] Copy<T, TResult>(RepeatedField<T> field, Func<T, TResult> convert, int count, string what)
    {
        if (field.Count != count)
        {
            throw Damaged(what, $"{field.Count} elements where its dimensions ask for {count}");
        }

        var result = new TResult[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = convert(field[i]);
        }

        return result;
    }

    private static float HalfToFloat(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    private static float BrainToFloat(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static HawqException Damaged(string what, string why) =>
        new(HawqIds.OnnxGraph, $"{what} is damaged: {why}. Export the model again.");
}
