// The CIFAR-10 network in a web page: main.js calls what is exported here.
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Browser;
using Cifar10;

[assembly: SupportedOSPlatform("browser")]

// Nothing to do at start: the page calls Classifier.
return;

/// <summary>What the page can call. One network, one thread: a page has no other.</summary>
internal static partial class Classifier
{
    private static readonly Cifar10File s_images = Cifar10File.Read(typeof(Classifier).Assembly.GetManifestResourceStream("images")!);
    private static readonly Resnet20Cifar10 s_network = new();
    private static readonly int[] s_logits = new int[Resnet20Cifar10.OutputLength];
    private static readonly IncrementalHash s_hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Names of the classes.</summary>
    [JSExport]
    public static string[] Classes() => [.. Cifar10File.Classes];

    /// <summary>Number of test images in the assembly.</summary>
    [JSExport]
    public static int Count() => s_images.Count;

    /// <summary>True class of a test image.</summary>
    [JSExport]
    public static int Label(int image) => s_images.Label(image);

    /// <summary>A test image, 32 x 32 pixels of red, green and blue.</summary>
    [JSExport]
    public static byte[] Pixels(int image)
    {
        byte[] pixels = new byte[Resnet20Cifar10.InputLength];
        s_images.CopyPixels(image, pixels);
        return pixels;
    }

    /// <summary>The ten integer logits of an image, which also enter <see cref="Hash"/>.</summary>
    /// <param name="pixels">32 x 32 pixels of red, green and blue.</param>
    [JSExport]
    public static int[] Infer(byte[] pixels)
    {
        s_network.Infer(pixels, s_logits);
        s_hash.AppendData(MemoryMarshal.AsBytes(s_logits.AsSpan()));
        return s_logits;
    }

    /// <summary>SHA-256 of all logits so far, to compare with other machines.</summary>
    [JSExport]
    public static string Hash() => Convert.ToHexStringLower(s_hash.GetCurrentHash());
}
