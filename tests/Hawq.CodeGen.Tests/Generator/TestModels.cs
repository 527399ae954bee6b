using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Hawq.Testing;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>Small networks as HawqModel items.</summary>
internal static class TestModels
{
    /// <summary>The product's stages, for tests that replace one of them.</summary>
    public static Stages Stages => ProductStages.Instance;

    /// <summary>The generator as the compiler makes it.</summary>
    public static HawqGenerator Generator() => new();

    /// <summary>A convolution and a fully connected layer; the seed decides the weights.</summary>
    public static Network Network(int seed = 1)
    {
        NetworkBuilder builder = new NetworkBuilder("net", seed).Input(4, 4, 3, pixels: true);
        string pooled = builder.GlobalAveragePool(builder.Conv(builder.InputName, 8, 3));
        return builder.Build(builder.Gemm(pooled, 5)).Network;
    }

    /// <summary>A HawqModel item with the metadata that the targets add.</summary>
    public static Manifest Manifest(string path, int seed = 1, params (string Name, string Value)[] metadata) => Manifest(path, Network(seed), metadata);

    /// <inheritdoc cref="Manifest(string, int, ValueTuple{string, string}[])"/>
    public static Manifest Manifest(string path, Network network, params (string Name, string Value)[] metadata)
    {
        string sidecar = Path.GetFileName(path).Replace(".json", ".bin", StringComparison.Ordinal);
        network = network with { WeightsFile = network.WeightsFile with { File = sidecar } };
        return new Manifest(path, ManifestWriter.Write(network), [("HawqSidecarSha256", network.WeightsFile.Sha256), .. metadata]);
    }
}
