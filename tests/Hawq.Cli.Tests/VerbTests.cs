using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>The verbs on a small network, from the files on disk to the last line of output.</summary>
public sealed class VerbTests
{
    [Fact]
    public async Task Inspect_shows_bits_types_and_accumulators_of_a_manifest()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("inspect", SmallNetwork.Save(folder), "--json");
        Assert.Equal(0, outcome.Code);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement first = json.RootElement.GetProperty("layers")[0];
        Assert.Equal(8, first.GetProperty("weightBits").GetInt32());
        Assert.Equal("u7", first.GetProperty("outputType").GetString());
        Assert.Equal(12 * 12 * 8 * 27, first.GetProperty("macs").GetInt64());
        Assert.Equal(2, first.GetProperty("accumulator").GetArrayLength());
    }

    [Fact]
    public async Task Emit_writes_what_check_then_accepts_and_a_changed_file_fails()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string generated = folder.PathOf("generated");
        Assert.Equal(0, (await Tool.Run("emit", manifest, "-o", generated, "--namespace", "Acme", "--class", "Net")).Code);
        string[] files = [.. Directory.GetFiles(generated).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        Assert.Contains("Acme.Net.g.cs", files);
        Assert.Contains("Acme.Net.Kernels.g.cs", files);
        Assert.DoesNotContain(files, f => f.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(0, (await Tool.Run("emit", manifest, "-o", generated, "--namespace", "Acme", "--class", "Net", "--check")).Code);

        string kernels = Path.Combine(generated, "Acme.Net.Kernels.g.cs");
        File.AppendAllText(kernels, "// edited\n");
        Outcome stale = await Tool.Run("emit", manifest, "-o", generated, "--namespace", "Acme", "--class", "Net", "--check");
        Assert.Equal(3, stale.Code);
        Assert.Contains("Acme.Net.Kernels.g.cs: error HAWQ1203", stale.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emit_refuses_a_class_name_that_is_none()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("emit", SmallNetwork.Save(folder), "-o", folder.PathOf("g"), "--class", "not a name");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("ClassName", outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("g")));
    }

    [Fact]
    public async Task Verify_compares_two_tiers_in_processes_of_their_own()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("verify", SmallNetwork.Save(folder), "--tier", "scalar", "--tier", FastestTier, "--json", "--random", "1", "--channels", "1");
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.True(json.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(["scalar", FastestTier], json.RootElement.GetProperty("tiers").EnumerateArray().Select(t => t.GetProperty("ran").GetString()));
        Assert.All(json.RootElement.GetProperty("tiers").EnumerateArray(), t => Assert.True(t.GetProperty("bytesCompared").GetInt64() > 1000));
    }

    [Fact]
    public async Task Verify_fails_with_exit_code_3_and_names_the_layer_when_one_number_in_the_generated_text_is_changed()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        Model.ConvLayer second = SmallNetwork.Build().Network.Layers.OfType<Model.ConvLayer>().ElementAt(1);
        int multiplier = second.Requantize[0].Multiplier;
        Outcome outcome = await Tool.Run("verify", manifest, "--tier", "scalar", "--random", "1", "--channels", "1", "--mutate", $"{multiplier}=>{multiplier ^ (1 << 29)}");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("error HAWQ1203", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"layer '{second.Name}'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("channel 0: expected", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_names_the_tiers_when_one_is_unknown()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("verify", SmallNetwork.Save(folder), "--tier", "mmx");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("scalar", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_writes_a_model_that_bench_can_measure_against()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string model = folder.PathOf("twin.onnx");
        Assert.Equal(0, (await Tool.Run("export", manifest, "-o", model, "--int8", "--codes")).Code);
        Outcome outcome = await Tool.Run("bench", manifest, "--against", $"onnxruntime={model}", "--rounds", "3", "--warmup", "0.05", "--layers", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement[] layers = [.. json.RootElement.GetProperty("layers").EnumerateArray()];
        Assert.Equal(1, layers.Sum(l => l.GetProperty("share").GetDouble()), 6);
        Assert.Equal((12 * 12 * 8 * 27) + (6 * 6 * 8 * 72) + (8 * 5), layers.Sum(l => l.GetProperty("macs").GetInt64()));
        Assert.True(json.RootElement.GetProperty("hawq").GetProperty("medianMs").GetDouble() > 0);
        Assert.True(json.RootElement.GetProperty("onnxruntime").GetProperty("medianMs").GetDouble() > 0);
        Assert.True(json.RootElement.GetProperty("ratio").GetDouble() > 0);
        Assert.Equal(0, json.RootElement.GetProperty("hawq").GetProperty("allocatedBytes").GetDouble());
        Assert.Equal("", outcome.Error);
        if (Avx2.IsSupported)
        {
            Assert.All(
                layers.Where(l => l.GetProperty("macs").GetInt64() > 0),
                l => Assert.InRange(l.GetProperty("gmacPerSecond").GetDouble(), 0, 1.2 * l.GetProperty("peakGmacPerSecond").GetDouble()));
            Assert.InRange(json.RootElement.GetProperty("directShareOfPeak").GetDouble(), 0, 1.2);
        }
    }

    [Fact]
    public async Task Bench_measures_plain_kernels_and_processes_of_their_own()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run(
            "bench", SmallNetwork.Save(folder), "--against", "baseline", "--start", "--processor-time", "--rounds", "3", "--warmup", "0.05", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.True(json.RootElement.GetProperty("baseline").GetProperty("medianMs").GetDouble() > 0);
        Assert.True(json.RootElement.GetProperty("ratio").GetDouble() > 0);
        Assert.True(json.RootElement.GetProperty("start").GetProperty("medianMs").GetDouble() > 1);
        Assert.True(json.RootElement.GetProperty("start").GetProperty("peakBytes").GetDouble() > 1e6);
    }

    [SharedDataFact]
    public async Task Quantize_then_evaluate_and_the_same_bytes_when_run_twice()
    {
        using TemporaryFolder first = new();
        using TemporaryFolder second = new();
        foreach (TemporaryFolder folder in new[] { first, second })
        {
            Outcome quantized = await Tool.Run(
                "quantize", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--calibration", SharedData.PathOf("cifar10", "train_batch_0.bin"),
                "--preprocess", "cifar10", "--images", "32", "--effort", "fast", "-o", folder.PathOf("net.hawq.json"), "--quiet");
            Assert.True(quantized.Code == 0, quantized.Error);
            Assert.Equal(["net.hawq.bin", "net.hawq.json"], folder.Entries);
        }

        Assert.All(first.Entries, name => Assert.Equal(File.ReadAllBytes(first.PathOf(name)), File.ReadAllBytes(second.PathOf(name))));
        Assert.True(first.Entries.Sum(name => new FileInfo(first.PathOf(name)).Length) < 400_000);

        Outcome evaluated = await Tool.Run(
            "evaluate", first.PathOf("net.hawq.json"), "--data", SharedData.PathOf("cifar10", "test_batch_1000.bin"), "--images", "20",
            "--float", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--json", "--quiet", "--min-top1", "50");
        Assert.True(evaluated.Code == 0, evaluated.Error);
        using JsonDocument json = JsonDocument.Parse(evaluated.Output);
        Assert.Equal(20, json.RootElement.GetProperty("images").GetInt32());
        Assert.Equal(0, json.RootElement.GetProperty("allocatedBytes").GetDouble());
        Assert.All(new[] { "top1", "agreement", "sqnrDb", "kl" }, key => Assert.True(double.IsFinite(json.RootElement.GetProperty(key).GetDouble())));
    }

    [SharedDataFact]
    public async Task Evaluate_below_the_wanted_accuracy_is_exit_code_3()
    {
        using TemporaryFolder folder = new();
        string manifest = folder.PathOf("net.hawq.json");
        await Tool.Run(
            "quantize", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--calibration", SharedData.PathOf("cifar10", "train_batch_0.bin"),
            "--preprocess", "cifar10", "--images", "32", "--effort", "naive", "-o", manifest, "--quiet");
        Outcome outcome = await Tool.Run(
            "evaluate", manifest, "--data", SharedData.PathOf("cifar10", "test_batch_1000.bin"), "--images", "2", "--min-top1", "100.5", "--quiet");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("HAWQ1203", outcome.Error, StringComparison.Ordinal);
    }

    private static string FastestTier => Verification.Tier.OfThisMachine()[0].Name;
}
