using Cifar10;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using SkiaSharp;

namespace Hawq.Samples.Tests;

/// <summary>The images that the samples share, and what the reference interpreter makes of them.</summary>
internal static class SampleImages
{
    private const int Side = 32;

    private static readonly LoadedNetwork s_model = ManifestFile.Load(Path.Combine(Folder, "resnet20-cifar10.hawq.json"));
    private static readonly Interpreter s_interpreter = new(s_model.Network, s_model.Weights);

    /// <summary>The folder of the Cifar10 sample.</summary>
    public static string Folder => Path.Combine(Checkout.Root, "samples", "Cifar10");

    /// <summary>The images.</summary>
    public static Cifar10File File { get; } = Cifar10File.Read(Path.Combine(Folder, "data", "test_batch_200.bin"));

    /// <summary>Rows of interleaved red, green and blue.</summary>
    public static byte[] Pixels(int image)
    {
        byte[] pixels = new byte[3 * Side * Side];
        File.CopyPixels(image, pixels);
        return pixels;
    }

    /// <summary>The logits that every engine must give for an image.</summary>
    public static int[] Logits(int image) => s_interpreter.Run(Pixels(image))[s_model.Network.Outputs[0]];

    /// <summary>The image as a file; PNG and WebP at quality 100 lose nothing.</summary>
    public static byte[] Encode(int image, SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = new(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        byte[] pixels = Pixels(image);
        for (int i = 0; i < Side * Side; i++)
        {
            bitmap.SetPixel(i % Side, i / Side, new SKColor(pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]));
        }

        using SKData data = bitmap.Encode(format, 100);
        return data.ToArray();
    }
}
