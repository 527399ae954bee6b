using System.Globalization;
using Hawq.Model;
using SkiaSharp;

namespace Hawq.Quantization.Data;

/// <summary>
/// A folder of images: either with a <c>labels.csv</c> (lines <c>file,label</c>), or with one sub-folder per class, or just images
/// (unlabelled). Images are decoded and resized by SkiaSharp.
/// </summary>
public sealed class FolderDataSet : ImageDataSet
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif"];

    private readonly List<string> _files;
    private readonly int[] _labels;
    private readonly string[] _classes;

    /// <summary>Lists the folder; images are opened when they are read.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: no images, or a label file that does not fit.</exception>
    public FolderDataSet(string folder, Shape shape, Preprocess preprocess)
        : base(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), shape, preprocess)
    {
        string csv = Path.Combine(folder, "labels.csv");
        List<string> labels = [];
        if (File.Exists(csv))
        {
            (_files, labels) = ReadCsv(csv, folder);
        }
        else
        {
            string[] classes = [.. Directory.GetDirectories(folder).Where(d => Images(d).Any()).Order(StringComparer.Ordinal)];
            _files = [.. classes.Length > 0 ? classes.SelectMany(Images) : Images(folder)];
            labels = classes.Length > 0 ? [.. _files.Select(f => Path.GetFileName(Path.GetDirectoryName(f)!))] : [];
        }

        if (_files.Count == 0)
        {
            throw new HawqException(HawqIds.Data, $"The folder holds no images ({string.Join(", ", Extensions)}), neither directly nor one level down.", folder);
        }

        bool numbers = labels.All(l => int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out _));
        _classes = numbers ? [] : [.. labels.Distinct().Order(StringComparer.Ordinal)];
        _labels = [.. labels.Select(l => numbers ? int.Parse(l, CultureInfo.InvariantCulture) : Array.BinarySearch(_classes, l, StringComparer.Ordinal))];
    }

    /// <inheritdoc/>
    public override int Count => _files.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels => _labels;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _classes;

    /// <inheritdoc/>
    public override void ReadPixels(int index, Span<byte> pixels) => ImageReader.Read(_files[index], Shape, Preprocess, pixels);

    private static IEnumerable<string> Images(string folder) =>
        Directory.GetFiles(folder).Where(f => Extensions.Contains(Path.GetExtension(f).ToLowerInvariant())).Order(StringComparer.Ordinal);

    private static (List<string> Files, List<string> Labels) ReadCsv(string csv, string folder)
    {
        List<string> files = [], labels = [];
        DataFiles.RequireAtMost(csv, DataLimits.LabelListBytes, "a label list");
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        string[] lines = File.ReadAllLines(csv);
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || (i == 0 && line.Replace(" ", "", StringComparison.Ordinal) == "file,label"))
            {
                continue;
            }

            int comma = line.LastIndexOf(',');
            string file = comma < 0 ? line : line[..comma].Trim();
            if (comma < 0 || line[(comma + 1)..].Trim().Length == 0)
            {
                throw new HawqException(HawqIds.Data, $"A line must be 'file,label', not '{line}'.", csv, i + 1, 1);
            }

            // A list from elsewhere must not read other files.
            string path = Path.GetFullPath(Path.Combine(root, file.Replace("\0", "", StringComparison.Ordinal)));
            if (!path.StartsWith(root, StringComparison.Ordinal) || !File.Exists(path))
            {
                throw new HawqException(HawqIds.Data, $"The image '{file}' does not exist in the folder of the list.", csv, i + 1, 1);
            }

            files.Add(path);
            labels.Add(line[(comma + 1)..].Trim());
        }

        return (files, labels);
    }
}

/// <summary>Decodes, resizes and crops one image.</summary>
public static class ImageReader
{
    /// <summary>
    /// Reads an image file: shorter side resized to <see cref="Preprocess.ResizeShorterSide"/> (linear with mipmaps; 0: no resize), centre
    /// crop to <paramref name="shape"/>, bytes in the order row, column, channel (of <see cref="Preprocess.ChannelOrder"/>).
    /// </summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: not an image, or smaller than the crop.</exception>
    public static void Read(string path, Shape shape, Preprocess preprocess, Span<byte> pixels)
    {
        using SKBitmap decoded = Decode(path);
        using SKBitmap? resized = Resized(decoded, preprocess.ResizeShorterSide, path);
        SKBitmap bitmap = resized ?? decoded;
        if (bitmap.Width < shape.Width || bitmap.Height < shape.Height || (preprocess.ResizeShorterSide == 0 && (bitmap.Width, bitmap.Height) != (shape.Width, shape.Height)))
        {
            throw new HawqException(
                HawqIds.Data,
                $"The image is {bitmap.Width}x{bitmap.Height} and the network needs {shape.Width}x{shape.Height}. Use a preprocessing with resizeShorterSide.",
                path);
        }

        int left = (bitmap.Width - shape.Width) / 2, top = (bitmap.Height - shape.Height) / 2, next = 0;
        for (int y = 0; y < shape.Height; y++)
        {
            for (int x = 0; x < shape.Width; x++)
            {
                SKColor color = bitmap.GetPixel(left + x, top + y);
                switch (preprocess.ChannelOrder)
                {
                    case "GRAY": // Rec. 601 luma, in integers
                        pixels[next++] = (byte)(((color.Red * 299) + (color.Green * 587) + (color.Blue * 114) + 500) / 1000);
                        break;
                    case "BGR":
                        (pixels[next], pixels[next + 1], pixels[next + 2]) = (color.Blue, color.Green, color.Red);
                        next += 3;
                        break;
                    default:
                        (pixels[next], pixels[next + 1], pixels[next + 2]) = (color.Red, color.Green, color.Blue);
                        next += 3;
                        break;
                }
            }
        }
    }

    private static SKBitmap Decode(string path)
    {
        using SKCodec? codec = SKCodec.Create(path);
        if (codec is not null)
        {
            RequireDecodable(codec.Info.Width, codec.Info.Height, path);
        }

        return (codec is null ? null : SKBitmap.Decode(codec)) ?? throw new HawqException(HawqIds.Data, "The file is not an image that can be decoded, or it is damaged.", path);
    }

    /// <summary>The image in another size, or null where it has the size already.</summary>
    private static SKBitmap? Resized(SKBitmap bitmap, int shorterSide, string path)
    {
        int shorter = Math.Min(bitmap.Width, bitmap.Height);
        if (shorterSide == 0 || shorter == shorterSide)
        {
            return null;
        }

        double width = Math.Round((double)bitmap.Width * shorterSide / shorter), height = Math.Round((double)bitmap.Height * shorterSide / shorter);
        RequireDecodable(width, height, path);
        SKImageInfo size = new((int)width, (int)height, bitmap.ColorType, bitmap.AlphaType);
        return bitmap.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))
            ?? throw new HawqException(HawqIds.Data, $"The image cannot be resized to {width}x{height}.", path);
    }

    private static void RequireDecodable(double width, double height, string path)
    {
        if (width * height > DataLimits.ImagePixels)
        {
            throw new HawqException(HawqIds.Data, $"The image has {width}x{height} pixels, in the file or resized; at most {DataLimits.ImagePixels} are decoded. Make it smaller.", path);
        }
    }
}
