using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Hawq.Model;
using Microsoft.Win32.SafeHandles;

namespace Hawq.Quantization.Data;

/// <summary>
/// A NumPy array file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3, little-endian, C order.
/// </summary>
internal sealed partial class NpyFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _start;

    public NpyFile(string path)
    {
        _path = path;
        _file = DataFiles.Open(path);
        try
        {
            byte[] head = new byte[12];
            DataFiles.ReadExactly(_file, head.AsSpan(0, 10), 0, path);
            if (head[0] != 0x93 || !head.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
            {
                throw Bad("it is no .npy file");
            }

            int lengthBytes = head[6] == 1 ? 2 : 4;
            DataFiles.ReadExactly(_file, head.AsSpan(8, lengthBytes), 8, path);
            int length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(8)) : BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8));
            if (length is <= 0 or > 1 << 20)
            {
                throw Bad("its header is damaged");
            }

            byte[] text = new byte[length];
            DataFiles.ReadExactly(_file, text, 8 + lengthBytes, path);
            Match match = Header().Match(Encoding.UTF8.GetString(text));
            if (!match.Success)
            {
                throw Bad("its header is damaged");
            }

            if (match.Groups["fortran"].Value == "True")
            {
                throw Bad("it is in Fortran order; save it with numpy.ascontiguousarray");
            }

            Type = match.Groups["type"].Value;
            Dimensions = [.. match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(d => int.TryParse(d, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : throw Bad($"its dimension '{d}' is no size"))];
            _start = 8 + lengthBytes + length;
            long expected = _start + (Elements * ElementSize);
            long actual = RandomAccess.GetLength(_file);
            if (actual != expected)
            {
                throw Bad($"it has {actual} bytes and its header promises {expected}");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>NumPy's type string: <c>&lt;f4</c>, <c>|u1</c>, <c>&lt;i8</c>, ...</summary>
    public string Type { get; }

    public IReadOnlyList<int> Dimensions { get; }

    private int ElementSize => Type.Length == 3 && char.IsAsciiDigit(Type[2]) && Type[0] != '>'
        ? Type[2] - '0'
        : throw Bad($"elements of type '{Type}' are not supported");

    public void ReadFloats(long first, Span<float> values)
    {
        byte[] bytes = new byte[values.Length * 4];
        DataFiles.ReadExactly(_file, bytes, _start + (first * 4), _path);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * 4));
        }
    }

    /// <summary>The whole array as integers; for labels.</summary>
    public long[] ReadIntegers()
    {
        long[] values = Elements <= DataLimits.Inputs ? new long[Elements] : throw Bad($"at most {DataLimits.Inputs} labels are read");
        int size = ElementSize;
        byte[] bytes = new byte[values.Length * size];
        DataFiles.ReadExactly(_file, bytes, _start, _path);
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> b = bytes.AsSpan(i * size);
            values[i] = Type[1..] switch
            {
                "u1" => b[0],
                "i1" => (sbyte)b[0],
                "u2" => BinaryPrimitives.ReadUInt16LittleEndian(b),
                "i2" => BinaryPrimitives.ReadInt16LittleEndian(b),
                "u4" => BinaryPrimitives.ReadUInt32LittleEndian(b),
                "i4" => BinaryPrimitives.ReadInt32LittleEndian(b),
                "i8" => BinaryPrimitives.ReadInt64LittleEndian(b),
                _ => throw Bad($"labels must be integers, not '{Type}'"),
            };
        }

        return values;
    }

    public void Dispose() => _file.Dispose();

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)'.*'fortran_order':\s*(?<fortran>True|False).*'shape':\s*\((?<shape>[\d,\s]*)\)")]
    private static partial Regex Header();

    /// <summary>Number of elements; times the size of one it fits in an int64.</summary>
    private long Elements
    {
        get
        {
            Int128 product = 1;
            foreach (int size in Dimensions)
            {
                product *= size; // of two numbers below 2^63 and 2^31
                product = product <= long.MaxValue / 16 ? product : throw Bad("its shape has too many elements");
            }

            return (long)product;
        }
    }

    private HawqException Bad(string what) => new(HawqIds.Data, $"The array file cannot be used: {what}.", _path);
}
