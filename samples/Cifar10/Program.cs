// Classifies real images with the network that the build generated from resnet20-cifar10.hawq.json.
using System.Diagnostics;
using System.Globalization;
using Cifar10;

const int Rows = 10;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

Cifar10File images = Cifar10File.Read(Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"));
byte[][] pixels = new byte[images.Count][];
for (int i = 0; i < images.Count; i++)
{
    images.CopyPixels(i, pixels[i] = new byte[Resnet20Cifar10.InputLength]);
}

using Resnet20Cifar10 network = new();
int correct = 0;
Console.WriteLine("image  label       prediction");
for (int i = 0; i < images.Count; i++)
{
    int predicted = network.Classify(pixels[i]);
    correct += predicted == images.Label(i) ? 1 : 0;
    if (i < Rows)
    {
        Console.WriteLine($"{i,5}  {Cifar10File.Classes[images.Label(i)],-10}  {Cifar10File.Classes[predicted],-10}  {(predicted == images.Label(i) ? "" : "wrong")}".TrimEnd());
    }
}

// At least a second, whole passes over the images, one thread.
long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
long started = Stopwatch.GetTimestamp();
int inferences = 0;
do
{
    foreach (byte[] image in pixels)
    {
        network.Classify(image);
    }

    inferences += pixels.Length;
}
while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1));
TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;

Console.WriteLine($"  ...  ({images.Count} images)");
Console.WriteLine();
Console.WriteLine($"top-1                           {100.0 * correct / images.Count:F2} %");
Console.WriteLine($"images per second, one thread   {inferences / elapsed.TotalSeconds:F0}");
Console.WriteLine($"allocated bytes per inference   {(double)allocated / inferences:0.##}");
