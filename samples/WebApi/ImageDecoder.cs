using SkiaSharp;

namespace WebApi;

/// <summary>An upload that is not classified, as the client is told.</summary>
internal sealed class RejectedImageException(int status, string title, string detail) : Exception(detail)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;

    /// <summary>The kind of problem, the same for all of its kind.</summary>
    public string Title => title;
}

/// <summary>Makes the network's input from an image file: the shorter side scaled to the network's, the centre cropped out, RGB bytes.</summary>
internal static class ImageDecoder
{
    private const int Width = Resnet20Cifar10.InputWidth;
    private const int Height = Resnet20Cifar10.InputHeight;

    /// <summary>Decodes PNG, JPEG, WebP, GIF (first frame) or BMP. Transparent parts are black; an image of the network's size is taken as it is.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="maxPixels">Largest width times height.</param>
    /// <param name="pixels">Receives rows of interleaved RGB.</param>
    /// <exception cref="RejectedImageException">Not an image, damaged, or too large.</exception>
    public static void Decode(ReadOnlySpan<byte> file, int maxPixels, Span<byte> pixels)
    {
        using SKData data = SKData.CreateCopy(file);
        using SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
        {
            throw new RejectedImageException(
                StatusCodes.Status415UnsupportedMediaType, "Not an image", "The body is not an image that can be read. Send the bytes of a PNG, JPEG, WebP, GIF or BMP file.");
        }

        SKImageInfo info = new(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Premul);
        if ((long)info.Width * info.Height > maxPixels)
        {
            throw new RejectedImageException(
                StatusCodes.Status413PayloadTooLarge, "Image too large", $"The image has {info.Width} x {info.Height} pixels; at most {maxPixels} in all are decoded. Send a smaller one.");
        }

        using SKBitmap image = new(info);
        if (codec.GetPixels(info, image.GetPixels()) != SKCodecResult.Success)
        {
            throw new RejectedImageException(StatusCodes.Status400BadRequest, "Damaged image", "The image is damaged or cut off.");
        }

        // Scales from the largest centred rectangle that has the network's proportions.
        using SKBitmap input = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        using (SKBitmap cropped = new())
        {
            int width = (int)Math.Min(info.Width, (long)info.Height * Width / Height);
            int height = (int)Math.Min(info.Height, (long)info.Width * Height / Width);
            if (!image.ExtractSubset(cropped, SKRectI.Create((info.Width - width) / 2, (info.Height - height) / 2, width, height)) ||
                !cropped.ScalePixels(input, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear)))
            {
                throw new RejectedImageException(StatusCodes.Status400BadRequest, "Image too small", $"The image has {info.Width} x {info.Height} pixels; nothing is left after cropping.");
            }
        }

        ReadOnlySpan<byte> rgba = input.GetPixelSpan();
        for (int i = 0; i < Width * Height; i++)
        {
            rgba.Slice(4 * i, 3).CopyTo(pixels[(3 * i)..]);
        }
    }
}
