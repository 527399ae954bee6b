// The CIFAR-10 network in a native executable: how soon the first answer is there, and that every logit equals the JIT's.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Cifar10;
using NativeAot;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Cifar10File images = Cifar10File.Read(Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"));
byte[] pixels = new byte[Resnet20Cifar10.InputLength];
int[] logits = new int[Resnet20Cifar10.OutputLength];
using Resnet20Cifar10 network = new();

images.CopyPixels(0, pixels);
network.Infer(pixels, logits);
TimeSpan first = DateTime.Now - Process.GetCurrentProcess().StartTime;

int correct = 0;
using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
for (int i = 0; i < images.Count; i++)
{
    images.CopyPixels(i, pixels);
    network.Infer(pixels, logits);
    hash.AppendData(MemoryMarshal.AsBytes(logits.AsSpan()));
    correct += logits.AsSpan().IndexOf(logits.Max()) == images.Label(i) ? 1 : 0;
}

Console.WriteLine($"compiled                 {(RuntimeFeature.IsDynamicCodeSupported ? "by the JIT" : "ahead of time")}, AVX2 {(Avx2.IsSupported ? "used" : "not used")}");
Console.WriteLine($"start to first answer    {first.TotalMilliseconds:F0} ms");
Console.WriteLine($"top-1                    {100.0 * correct / images.Count:F2} %");
Console.WriteLine($"sha256 of all logits     {Convert.ToHexStringLower(hash.GetHashAndReset())}");
