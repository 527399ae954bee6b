using SkiaSharp;

namespace WebApi;

/// <summary>Why an image is refused.</summary>
internal enum ImageProblem
{
    /// <summary>The bytes are not an image of a known kind.</summary>
    NotAnImage,

    /// <summary>The image is damaged or cut off.</summary>
    Damaged,

    /// <summary>The image has more pixels than are decoded.</summary>
    TooLarge,
}

/// <summary>An image that is refused.</summary>
internal sealed class ImageException(ImageProblem problem, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public ImageProblem Problem => problem;
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
    /// <exception cref="ImageException">Not an image, damaged, or too large.</exception>
    public static void Decode(ReadOnlySpan<byte> file, int maxPixels, Span<byte> pixels)
    {
        using SKData data = SKData.CreateCopy(file);
        using SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
        {
            throw new ImageException(ImageProblem.NotAnImage, "These bytes are not an image that can be read. PNG, JPEG, WebP, GIF and BMP files are.");
        }

        SKImageInfo info = new(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Premul);
        if ((long)info.Width * info.Height > maxPixels)
        {
            throw new ImageException(ImageProblem.TooLarge, $"The image has {info.Width} x {info.Height} pixels; at most {maxPixels} in all are decoded.");
        }

        using SKBitmap image = new(info);
        if (codec.GetPixels(info, image.GetPixels()) != SKCodecResult.Success)
        {
            throw new ImageException(ImageProblem.Damaged, "The image is damaged or cut off.");
        }

        // Scales from the largest centred rectangle that has the network's proportions.
        using SKBitmap input = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        using (SKBitmap cropped = new())
        {
            int width = (int)Math.Clamp((long)info.Height * Width / Height, 1, info.Width);
            int height = (int)Math.Clamp((long)info.Width * Height / Width, 1, info.Height);
            image.ExtractSubset(cropped, SKRectI.Create((info.Width - width) / 2, (info.Height - height) / 2, width, height));
            cropped.ScalePixels(input, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }

        ReadOnlySpan<byte> rgba = input.GetPixelSpan();
        for (int i = 0; i < Width * Height; i++)
        {
            rgba.Slice(4 * i, 3).CopyTo(pixels[(3 * i)..]);
        }
    }
}
