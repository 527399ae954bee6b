using Hawq.CodeGen.Emit;
using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Testing;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>Small networks as HawqModel items.</summary>
internal static class TestModels
{
    /// <summary>A convolution and a fully connected layer; the seed decides the weights.</summary>
    public static Network Network(int seed = 1)
    {
        NetworkBuilder builder = new NetworkBuilder("net", seed).Input(4, 4, 3, pixels: true);
        string pooled = builder.GlobalAveragePool(builder.Conv(builder.InputName, 8, 3));
        return builder.Build(builder.Gemm(pooled, 5)).Network;
    }

    /// <summary>A HawqModel item with the metadata that the targets add.</summary>
    public static Manifest Manifest(string path, int seed = 1, params (string Name, string Value)[] metadata)
    {
        Network network = Network(seed);
        network = network with { WeightsFile = network.WeightsFile with { File = Path.GetFileName(path).Replace(".json", ".bin", StringComparison.Ordinal) } };
        return new Manifest(path, seed.ToString(), [("HawqSidecarSha256", network.WeightsFile.Sha256), .. metadata]);
    }

    /// <summary>The generator.</summary>
    public static HawqGenerator Generator() => new(Stages);

    public static Stages Stages { get; } = new(
        (text, path) => new ReadResult(Network(int.Parse(text)) with { WeightsFile = Network(int.Parse(text)).WeightsFile with { File = Path.GetFileName(path).Replace(".json", ".bin") } }, default),
        Planner.Plan,
        Emitter.Emit);
}
