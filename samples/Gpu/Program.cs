// Runs ResNet-20 on a GPU, or says why it cannot and takes what there is, and compares every logit with the CPU class. Argument: how many images, 200 by default.
using System.Diagnostics;
using System.Globalization;
using Cifar10;
using Gpu;
using Hawq.Gpu;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Batch = 8;
Cifar10File images = Cifar10File.Read(Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"));
int total = args is [var count] && int.TryParse(count, out int asked) ? Math.Clamp(asked, 1, images.Count) : images.Count;

// Without an NVIDIA GPU the plain kernels run on an OpenCL device, and without that the CPU class does. By default the constructor would throw.
using Resnet20Cifar10Gpu network = new(new GpuOptions { MaxBatch = Batch, Fallback = GpuFallback.PortableKernels });
if (network.NoCuda is { } reason)
{
    Console.WriteLine(reason);
    Console.WriteLine("Tensor cores need an NVIDIA GPU from Turing (T4) on and its driver. The portable kernels run wherever OpenCL does; the processor becomes an OpenCL device with");
    Console.WriteLine("    apt-get install pocl-opencl-icd ocl-icd-libopencl1");
    Console.WriteLine();
}

Console.WriteLine($"device   {network.Device}");

// Two streams: while the device computes one batch, the next one is written.
using GpuSession<byte> even = network.CreateSession(), odd = network.CreateSession();
GpuSession<byte>[] sessions = [even, odd];
int[] logits = new int[total * network.OutputElements];
Run(); // drivers finish compiling at the first launch
long started = Stopwatch.GetTimestamp();
Run();
TimeSpan elapsed = Stopwatch.GetElapsedTime(started);

using Resnet20Cifar10 cpu = new();
byte[] pixels = new byte[Resnet20Cifar10.InputLength];
int[] expected = new int[network.OutputElements];
int equal = 0;
int correct = 0;
for (int i = 0; i < total; i++)
{
    images.CopyPixels(i, pixels);
    cpu.Infer(pixels, expected);
    ReadOnlySpan<int> actual = logits.AsSpan(i * expected.Length, expected.Length);
    equal += actual.SequenceEqual(expected) ? 1 : 0;
    correct += actual.IndexOf(actual.ToArray().Max()) == images.Label(i) ? 1 : 0;
}

Console.WriteLine($"logits   equal to the CPU class's, bit for bit, in {equal} of {total} images");
Console.WriteLine($"top-1    {100.0 * correct / total:F2} %");
Console.WriteLine($"speed    {total / elapsed.TotalSeconds:F0} images per second in batches of {Batch}, copies included");
return equal == total ? 0 : 1;

void Run()
{
    int batches = (total + Batch - 1) / Batch;
    for (int batch = 0; batch < batches + sessions.Length; batch++)
    {
        GpuSession<byte> session = sessions[batch % sessions.Length];
        session.Wait().CopyTo(logits.AsSpan(Math.Max(0, batch - sessions.Length) * Batch * network.OutputElements));
        if (batch < batches)
        {
            int count = Math.Min(Batch, total - (batch * Batch));
            for (int i = 0; i < count; i++)
            {
                images.CopyPixels((batch * Batch) + i, session.Input.Slice(i * network.InputElements, network.InputElements));
            }

            session.Start(count);
        }
    }
}
