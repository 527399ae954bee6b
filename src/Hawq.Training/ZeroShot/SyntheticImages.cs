using System.Globalization;
using Hawq.Model;
using SkiaSharp;

namespace Hawq.Training.ZeroShot;

/// <summary>Synthetic images as PNG files to look at.</summary>
public static class SyntheticImages
{
    private const int Columns = 16;
    private const int Gap = 2;

    /// <summary>
    /// Every image as a lossless PNG, with a path that makes the folder a labelled data set: class/number.png. The folder calibrates exactly as the images do.
    /// </summary>
    public static IEnumerable<(string Path, byte[] Png)> Files(SyntheticDataSet images)
    {
        for (int i = 0; i < images.Count; i++)
        {
            string folder = images.Labels.Count > 0 ? images.Labels[i].ToString("000", CultureInfo.InvariantCulture) : "000";
            using SKBitmap bitmap = Bitmap(images.Shape.Width, images.Shape.Height);
            Draw(images, i, bitmap, 0, 0);
            yield return ($"{folder}/{i.ToString("0000", CultureInfo.InvariantCulture)}.png", Encode(bitmap));
        }
    }

    /// <summary>All images on one sheet, sixteen to a row, sorted by class.</summary>
    public static byte[] ContactSheet(SyntheticDataSet images)
    {
        Shape shape = images.Shape;
        int rows = (images.Count + Columns - 1) / Columns;
        using SKBitmap sheet = Bitmap((Columns * (shape.Width + Gap)) + Gap, (rows * (shape.Height + Gap)) + Gap);
        sheet.Erase(SKColors.White);
        int[] order = [.. Enumerable.Range(0, images.Count).OrderBy(i => images.Labels.Count > 0 ? images.Labels[i] : 0)];
        for (int place = 0; place < order.Length; place++)
        {
            Draw(images, order[place], sheet, Gap + (place % Columns * (shape.Width + Gap)), Gap + (place / Columns * (shape.Height + Gap)));
        }

        return Encode(sheet);
    }

    private static SKBitmap Bitmap(int width, int height) => new(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);

    private static void Draw(SyntheticDataSet images, int index, SKBitmap target, int left, int top)
    {
        Shape shape = images.Shape;
        byte[] pixels = new byte[shape.Length];
        images.ReadPixels(index, pixels);
        bool bgr = images.Preprocess.ChannelOrder == "BGR";
        for (int y = 0; y < shape.Height; y++)
        {
            for (int x = 0; x < shape.Width; x++)
            {
                ReadOnlySpan<byte> pixel = pixels.AsSpan(((y * shape.Width) + x) * shape.Channels, shape.Channels);
                byte first = pixel[0], second = pixel[shape.Channels / 2], third = pixel[^1];
                target.SetPixel(left + x, top + y, bgr ? new SKColor(third, second, first) : new SKColor(first, second, third));
            }
        }
    }

    private static byte[] Encode(SKBitmap bitmap)
    {
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
