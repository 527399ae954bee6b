using System.Runtime.InteropServices;
using Hawq.Model;
using Hawq.Testing.Onnx;
using Hawq.Testing.Onnx.Networks;

namespace Hawq.Benchmarks;

/// <summary>
/// The networks that are benchmarked, at their published widths and input sizes, with seeded bell-shaped weights: what a network computes does not
/// change how long it takes.
/// </summary>
internal static class ModelFiles
{
    private const int Inputs = 8;

    /// <summary>Networks by name.</summary>
    public static IReadOnlyList<ZooNetwork> All { get; } =
    [
        .. NetworkZoo.All(divisor: 1, size: 224).Where(network => network.Name is "resnet18" or "resnet50-v1.5" or "mobilenetv2" or "efficientnet-lite0" or "mobilenetv3-small" or "vgg16"),
        .. NetworkZoo.All(divisor: 1, size: 299).Where(network => network.Name == "inceptionv3"),
    ];

    /// <summary>Writes NAME.hawq.json and NAME.hawq.bin.</summary>
    public static void Write(string folder, (Network Network, NetworkWeights Weights) model)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, model.Network.WeightsFile.File), model.Weights.Sidecar);
        string manifest = Path.Combine(folder, $"{model.Network.Name}.hawq.json");
        File.WriteAllText(manifest, ManifestWriter.Write(model.Network));
        Console.WriteLine(manifest);
    }

    /// <summary>Writes NAME.onnx and NAME.npy (inputs to calibrate on, uniform in [-1, 1]).</summary>
    public static void Write(string folder, ZooNetwork network)
    {
        Directory.CreateDirectory(folder);
        network.Build().BellShaped().Save(Path.Combine(folder, $"{network.Name}.onnx"));
        int length = (int)network.InputDims.Aggregate(1L, (product, dim) => product * dim);
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({Inputs}, {string.Join(", ", network.InputDims.Skip(1))}), }}";
        header = header.PadRight(128 - 11) + "\n";
        using FileStream stream = File.Create(Path.Combine(folder, $"{network.Name}.npy"));
        stream.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)header.Length, 0]);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(OnnxRunner.Noise(Inputs * length).AsSpan()));
    }
}
