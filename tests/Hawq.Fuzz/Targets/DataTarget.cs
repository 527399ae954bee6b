using System.Text;
using Hawq.Fuzz.Mutations;
using Hawq.Model;
using Hawq.Quantization.Data;
using SkiaSharp;

namespace Hawq.Fuzz.Targets;

/// <summary>Data sets: a CIFAR-10 file, an array, its labels, a label list, images of four kinds, a preprocessing. The first byte of an input says which.</summary>
internal sealed class DataTarget : FuzzTarget
{
    private static readonly string s_folder = Directory.CreateTempSubdirectory("hawq-fuzz-").FullName;
    private static readonly Shape s_shape = new(4, 4, 3);
    private static readonly byte[] s_array = Npy("<f4", "(2, 3, 4, 4)", 2 * 48 * 4);
    private static readonly Preprocess s_resizing = new("fuzz", 4, "RGB", 1, new[] { 0f, 0, 0 }, new[] { 1f, 1, 1 });

    private static readonly byte[][] s_seeds =
    [
        new byte[2 * 3073], s_array, Npy("<i8", "(2,)", 16), "file,label\na.png,cat\nb.png,dog\n"u8.ToArray(),
        Image(SKEncodedImageFormat.Png), Image(SKEncodedImageFormat.Jpeg), Image(SKEncodedImageFormat.Webp), Bitmap(),
        """{"resizeShorterSide": 4, "channelOrder": "RGB", "pixelScale": 0.1, "mean": [0, 0, 0], "std": [1, 1, 1]}"""u8.ToArray(),
    ];

    static DataTarget()
    {
        File.WriteAllBytes(Path.Combine(s_folder, "good.npy"), s_array);
        File.WriteAllText(Path.Combine(s_folder, "..", $"{Path.GetFileName(s_folder)}-outside.png"), "");
    }

    /// <inheritdoc/>
    public override string Name => "data";

    /// <inheritdoc/>
    public override byte[] Mutant(Random random)
    {
        int kind = random.Next(s_seeds.Length);
        byte[] seed = s_seeds[kind];
        byte[] mutant = kind == 8 && random.Next(3) > 0 ? JsonMutator.Mutate(seed, random)
            : kind is 1 or 2 or 3 && random.Next(2) == 0 ? Replaced(seed, random)
            : ByteMutator.Mutate(seed, random);
        return [(byte)kind, .. mutant];
    }

    /// <inheritdoc/>
    public override bool Accepts(byte[] input)
    {
        byte[] content = input[1..];
        try
        {
            switch (input[0])
            {
                case 0:
                    return Read(new Cifar10DataSet(Write("a.bin", content), new Shape(32, 32, 3), Preprocessing.Load("cifar10", 3)));
                case 1:
                    return Read(new NpyDataSet(Write("a.npy", content), null, s_shape));
                case 2:
                    return Read(new NpyDataSet(Path.Combine(s_folder, "good.npy"), Write("labels.npy", content), s_shape));
                case 3:
                    string folder = Directory.CreateDirectory(Path.Combine(s_folder, "list")).FullName;
                    File.WriteAllBytes(Path.Combine(folder, "a.png"), s_seeds[4]);
                    File.WriteAllBytes(Path.Combine(folder, "b.png"), s_seeds[4]);
                    Write("list/labels.csv", content);
                    return Read(new FolderDataSet(folder, s_shape, s_resizing));
                case 8:
                    Preprocessing.ByteValues(Preprocessing.Load(Write("a.json", content), 3), 3);
                    return true;
                default:
                    ImageReader.Read(Write("a.img", content), s_shape, s_resizing, new byte[s_shape.Length]);
                    return true;
            }
        }
        catch (HawqException)
        {
            return false;
        }
    }

    private static bool Read(IDataSet data)
    {
        using (data)
        {
            float[] values = new float[data.Shape.Length];
            data.ReadValues(0, values);
            data.ReadValues(data.Count - 1, values);
            return true;
        }
    }

    /// <summary>Text within a file replaced by other text: a shape by a huge one, a name by a path.</summary>
    private static byte[] Replaced(byte[] seed, Random random)
    {
        string[] from = ["(2, 3, 4, 4)", "(2,)", "<f4", "<i8", "False", "a.png", "cat"];
        string[] to = ["(2147483647, 3, 4, 4)", "(99999999999999, 1)", "(4294967296, 4294967296)", "()", "(0,)", "(-1,)", "<f9", "|u0", "|b1", "True", "../list/a.png", "/etc/passwd", "..", ".", "a.png,a.png,", HostileText.Any(random)];
        string text = Encoding.Latin1.GetString(seed);
        return Encoding.Latin1.GetBytes(text.Replace(from[random.Next(from.Length)], to[random.Next(to.Length)], StringComparison.Ordinal));
    }

    private static string Write(string name, byte[] content)
    {
        string path = Path.Combine(s_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static byte[] Npy(string type, string shape, int bytes)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[bytes]];
    }

    private static byte[] Image(SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = new(6, 5);
        bitmap.Erase(SKColors.Teal);
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    /// <summary>A BMP file, which Skia does not write: 5 x 5 pixels of 24 bits.</summary>
    private static byte[] Bitmap()
    {
        byte[] file = new byte[54 + (5 * 16)];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in new[] { (2, file.Length), (10, 54), (14, 40), (18, 5), (22, 5), (26, 1 | (24 << 16)), (34, 5 * 16) })
        {
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        }

        return file;
    }
}
