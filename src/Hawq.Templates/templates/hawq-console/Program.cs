// Classifies image files with the network that the build generates from the manifest in this folder.
using WebApi;

const int MaxPixels = 100_000_000;

if (args.Length == 0)
{
    Console.Error.WriteLine("Name one or more image files.");
    return 2;
}

using Resnet20Cifar10 network = new();
byte[] pixels = new byte[Resnet20Cifar10.InputLength];
int failed = 0;
foreach (string path in args)
{
    try
    {
        ImageDecoder.Decode(File.ReadAllBytes(path), MaxPixels, pixels);
        Console.WriteLine($"{path}: {Resnet20Cifar10.Labels[network.Classify(pixels)]}");
    }
    catch (Exception error) when (error is ImageException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"{path}: {error.Message}");
        failed++;
    }
}

return failed == 0 ? 0 : 1;
