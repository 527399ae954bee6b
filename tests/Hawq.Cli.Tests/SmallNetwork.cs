using Hawq.Model;
using Hawq.Testing;

namespace Hawq.Cli.Tests;

/// <summary>A small network on disk: three 8-bit layers on 12 x 12 images.</summary>
internal static class SmallNetwork
{
    public const string Name = "small";

    public static (Network Network, NetworkWeights Weights) Build(bool pixels = true)
    {
        NetworkBuilder builder = new NetworkBuilder(Name, 3).Input(12, 12, 3, pixels);
        string conv = builder.Conv(builder.InputName, 8, 3);
        string second = builder.Conv(conv, 8, 3, stride: 2);
        return builder.Build(builder.Gemm(builder.GlobalAveragePool(second), 5));
    }

    /// <summary>Writes manifest and sidecar and returns the manifest's path.</summary>
    public static string Save(TemporaryFolder folder, bool pixels = true)
    {
        (Network network, NetworkWeights weights) = Build(pixels);
        network = network with { WeightsFile = network.WeightsFile with { File = $"{Name}.hawq.bin" } };
        string path = folder.PathOf($"{Name}.hawq.json");
        ManifestFile.Save(path, network, weights.Sidecar);
        return path;
    }
}
