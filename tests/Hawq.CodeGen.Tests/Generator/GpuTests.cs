using Hawq.CodeGen.Emit;
using Hawq.CodeGen.Pipeline;
using Hawq.Testing;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>Gpu="true" adds a class; without it nothing of a GPU is in the project.</summary>
public sealed class GpuTests
{
    // All that the generator asks of Hawq.Gpu is that it is there.
    private const string Host = "namespace Hawq.Gpu { public sealed class DeviceProgram { } }";

    [Fact]
    public void Gpu_metadata_adds_a_file_and_changes_no_other()
    {
        GeneratorRunResult plain = Run();
        GeneratorRunResult gpu = Run(("HawqGpu", "true"));

        Assert.Equal(["Consumer.A.Gpu.g.cs"], gpu.GeneratedSources.Select(source => source.HintName).Except(plain.GeneratedSources.Select(source => source.HintName)));
        Assert.All(plain.GeneratedSources, source => Assert.Contains(gpu.GeneratedSources, other => other.SourceText.ContentEquals(source.SourceText)));
    }

    [Fact]
    public void Without_the_metadata_nothing_mentions_ILGPU() =>
        Assert.DoesNotContain(Run().GeneratedSources, source => source.SourceText.ToString().Contains("ILGPU", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Class_of_the_GPU_is_visible_to_hosts_that_leave_bodies_out()
    {
        GeneratedFile file = Assert.Single(
            TestModels.Stages.Emit(Planning.Planner.Plan(TestModels.Network()), new EmitOptions("N", "A", "a.hawq.json", "0", "r", Gpu: true)), file => file.HintName == "A.Gpu.g.cs");

        Assert.True(file.Public);
        Assert.Contains("public sealed partial class AGpu : global::Hawq.Gpu.GpuNetwork<byte>", file.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_outputs_lie_one_behind_the_other_on_a_GPU_and_on_the_CPU_that_stands_in()
    {
        NetworkBuilder builder = new NetworkBuilder("net", 1).Input(4, 4, 3, pixels: true);
        string conv = builder.Conv(builder.InputName, 8, 3);
        Manifest manifest = TestModels.Manifest("/p/a.hawq.json", builder.Build(builder.Gemm(builder.GlobalAveragePool(conv), 5), conv).Network, ("HawqGpu", "true"));
        GeneratorRunResult result = Run(manifest);

        Assert.Empty(result.Reports());
        string text = result.GeneratedSources.Single(source => source.HintName == "Consumer.A.Gpu.g.cs").SourceText.ToString();
        Assert.Contains("_network.InferBatch(input, output.Slice(count * 0, count * 5), output.Slice(count * 5, count * 128), count);", text, StringComparison.Ordinal);
    }

    private static GeneratorRunResult Run(params (string, string)[] metadata) => Run(TestModels.Manifest("/p/a.hawq.json", 1, metadata));

    private static GeneratorRunResult Run(Manifest manifest) =>
        GeneratorHarness.Driver(TestModels.Generator(), manifest).RunGenerators(GeneratorHarness.Project(Host)).Result();
}
