// Classifies images with the network that the build has quantized and compiled: see Quantize in the project file.
using System.Globalization;
using Cifar10;
using MixedPrecision;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int FirstImage = 100; // those before it calibrated the network
Cifar10File images = Cifar10File.Read(Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"));
byte[] pixels = new byte[Resnet8.InputLength];
using Resnet8 network = new();
int correct = 0;
for (int i = FirstImage; i < images.Count; i++)
{
    images.CopyPixels(i, pixels);
    correct += network.Classify(pixels) == images.Label(i) ? 1 : 0;
}

Console.WriteLine($"top-1    {correct} of {images.Count - FirstImage} images that the quantization has not seen");
Console.WriteLine("card     artifacts/card.html beside the project: bits, cost and error of every layer");
