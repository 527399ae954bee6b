using System.Diagnostics;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Fuzz;

/// <summary>The largest networks that a manifest may ask for keep the compiler neither waiting nor short of memory (512 MB for this process).</summary>
public sealed class LargeNetworkTests(ITestOutputHelper output)
{
    [Fact]
    public void A_kernel_of_as_many_taps_as_are_read() => Generate(builder =>
        builder.Conv(builder.InputName, 1, new Size2(ManifestLimits.Kernel, ManifestLimits.Kernel), new Size2(1, 1), new Padding(ManifestLimits.Kernel, ManifestLimits.Kernel, 0, 0), weightBits: 2));

    /// <summary>The input is a tensor too, and every layer writes one.</summary>
    [Fact]
    public void As_many_layers_as_are_read() => Generate(builder => Chain(builder, ManifestLimits.Layers - 1));

    [Fact]
    public void One_layer_more_is_refused_at_once()
    {
        string text = Write(builder => Chain(builder, ManifestLimits.Layers));
        Stopwatch clock = Stopwatch.StartNew();

        ManifestReadResult result = ManifestReader.Read(text, "large.hawq.json");

        output.WriteLine($"{text.Length:N0} characters refused in {clock.Elapsed.TotalSeconds:0.0} s: {result.Diagnostics[0].Message}");
        Assert.Null(result.Network);
        Assert.Equal((HawqIds.ManifestShape, "'tensors' of the manifest has 20001 elements; at most 20000 are expected."), (result.Diagnostics[0].Id, result.Diagnostics[0].Message));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, FuzzRun.CaseLimit);
    }

    private static string Chain(NetworkBuilder builder, int layers)
    {
        string x = builder.InputName;
        for (int i = 0; i < layers; i++)
        {
            x = builder.Conv(x, 2, 1);
        }

        return x;
    }

    private static string Write(Func<NetworkBuilder, string> build)
    {
        NetworkBuilder builder = new NetworkBuilder("large", 1).Input(8, 8, 2);
        return ManifestWriter.Write(builder.Build(build(builder)).Network);
    }

    private void Generate(Func<NetworkBuilder, string> build)
    {
        string text = Write(build);
        Stopwatch clock = Stopwatch.StartNew();
        Network network = ManifestReader.Read(text, "large.hawq.json").Network!;
        TimeSpan read = clock.Elapsed;
        IReadOnlyList<GeneratedFile> files = Emitter.Emit(Planner.Plan(network), new EmitOptions("N", "Large", "large.hawq.json", new string('0', 64), "large.hawq.bin"));
        output.WriteLine($"{text.Length:N0} characters read in {read.TotalSeconds:0.0} s, {files.Sum(file => file.Text.Length):N0} generated in {(clock.Elapsed - read).TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, FuzzRun.CaseLimit * 3);
    }
}
