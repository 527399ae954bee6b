namespace Cifar10;

/// <summary>Labelled images in the binary layout of CIFAR-10: a label byte, then a 32 x 32 plane each of red, green and blue.</summary>
internal sealed class Cifar10File
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Record = 1 + (3 * Plane);

    private readonly byte[] _records;

    private Cifar10File(byte[] records) => _records = records;

    /// <summary>Names of the ten classes.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Number of images.</summary>
    public int Count => _records.Length / Record;

    /// <summary>Reads a file.</summary>
    public static Cifar10File Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream);
    }

    /// <summary>Reads a stream to its end.</summary>
    public static Cifar10File Read(Stream stream)
    {
        byte[] records = new byte[stream.Length];
        stream.ReadExactly(records);
        return records.Length > 0 && records.Length % Record == 0
            ? new Cifar10File(records)
            : throw new InvalidDataException($"{records.Length} bytes of images are not a multiple of {Record}.");
    }

    /// <summary>Class of an image.</summary>
    public int Label(int image) => _records[image * Record];

    /// <summary>Copies an image as the network takes it: row by row, the three colours of a pixel together.</summary>
    public void CopyPixels(int image, Span<byte> pixels)
    {
        ReadOnlySpan<byte> planes = _records.AsSpan((image * Record) + 1, 3 * Plane);
        for (int i = 0; i < Plane; i++)
        {
            pixels[3 * i] = planes[i];
            pixels[(3 * i) + 1] = planes[Plane + i];
            pixels[(3 * i) + 2] = planes[(2 * Plane) + i];
        }
    }
}
