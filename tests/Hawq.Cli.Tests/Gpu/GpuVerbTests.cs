using System.Text.Json;
using Xunit;

namespace Hawq.Cli.Tests.Gpu;

/// <summary>hawq ptx, hawq bench --device t4-model.</summary>
public sealed class GpuVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ptx_writes_a_file_per_kernel_and_one_to_embed()
    {
        string manifest = SmallNetwork.Save(_folder), files = _folder.PathOf("ptx"), resource = _folder.PathOf("small.hawq.ptx");
        Outcome outcome = await Tool.Run("ptx", manifest, "-o", files, "--resource", resource, "--batch", "4", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);

        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement[] launches = [.. json.RootElement.GetProperty("launches").EnumerateArray()];
        string[] kernels = [.. launches.Select(launch => launch.GetProperty("kernel").GetString()!).Distinct()];
        Assert.Equal(kernels.Order(StringComparer.Ordinal), Directory.GetFiles(files).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
        Assert.All(Directory.GetFiles(files), file => Assert.Contains(".target sm_75", File.ReadAllText(file), StringComparison.Ordinal));

        // 4 images of 12 x 12 pixels, a thread each, 128 a block.
        Assert.Equal(5, launches[0].GetProperty("grid")[0].GetInt32());
        string text = File.ReadAllText(resource);
        Assert.StartsWith($"// hawq-ptx/1 {json.RootElement.GetProperty("kernelsSha256").GetString()} small\n", text, StringComparison.Ordinal);
        Assert.Equal(kernels.Length, text.Split("// kernel ").Length - 1);
    }

    [Fact]
    public async Task Ptx_must_be_told_what_to_make()
    {
        Outcome outcome = await Tool.Run("ptx", SmallNetwork.Save(_folder));
        Assert.Equal(2, outcome.Code);
        Assert.Contains("-o DIR", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_models_every_launch_on_a_T4_and_says_that_it_measures_nothing()
    {
        string manifest = SmallNetwork.Save(_folder);
        Outcome outcome = await Tool.Run("bench", manifest, "--device", "t4-model", "--batch", "8", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        JsonElement json = JsonDocument.Parse(outcome.Output).RootElement;
        JsonElement[] launches = [.. json.GetProperty("launches").EnumerateArray()];

        Assert.Equal("t4-model", json.GetProperty("device").GetString());
        Assert.Equal(json.GetProperty("milliseconds").GetDouble(), launches.Sum(launch => launch.GetProperty("microseconds").GetDouble()) / 1000, 9);
        Assert.All(launches, launch => Assert.True(launch.GetProperty("microseconds").GetDouble() >= 2.5));
        Outcome table = await Tool.Run("bench", manifest, "--device", "t4-model", "--clock", "0.9", "--quiet");
        Assert.Contains("T4 at 0.9 GHz", table.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was measured", table.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--device", "v100")]
    [InlineData("--batch", "8")]
    [InlineData("--clock", "0.9")]
    [InlineData("--device", "t4-model", "--clock", "2")]
    [InlineData("--device", "t4-model", "--against", "onnxruntime")]
    public async Task Bench_refuses_what_does_not_go_together(params string[] options)
    {
        Outcome outcome = await Tool.Run(["bench", SmallNetwork.Save(_folder), .. options]);
        Assert.Equal(2, outcome.Code);
    }
}
