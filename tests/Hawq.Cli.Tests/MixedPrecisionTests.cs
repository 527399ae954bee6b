using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Quantization.MixedPrecision;
using Hawq.Testing.Onnx.Networks;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>hawq analyze, profile, quantize --bits mixed and pareto on a small network with noise as data.</summary>
public sealed class MixedPrecisionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _data;

    public MixedPrecisionTests()
    {
        NetworkWriter net = new(3, 8, 8);
        string x = net.ConvNormRelu(net.ConvNormRelu(net.ConvNormRelu(net.Input, 16, 3), 16, 3), 16, 3);
        net.Output(net.Classifier(net.GlobalAverage(x), 16, 10)).Save(_model = _folder.PathOf("net.onnx"));
        _data = _folder.Write("x.npy", Noise(64, 3, 8, 8));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sensitivities_are_kept_beside_the_manifest_and_not_measured_again()
    {
        string manifest = _folder.PathOf("mixed.hawq.json"), kept = _folder.PathOf("mixed.hawq.sensitivity.json");
        string[] command = ["quantize", _model, "--calibration", _data, "--bits", "mixed", "--budget", "bops=0.5", "--effort", "fast", "-o", manifest];
        Outcome first = await Tool.Run(command);
        Assert.True(first.Code == 0, first.Error);

        // Values that no measurement gives: the second run must have read them.
        File.WriteAllText(kept, Regex.Replace(File.ReadAllText(kept), "\"value\": [^,\n]+", "\"value\": 0.25"));
        Outcome second = await Tool.Run(command);

        Assert.Contains("analyze", first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("analyze", second.Error, StringComparison.Ordinal);
        Assert.Matches(@"optimum +1 ", second.Output);
    }

    [Fact]
    public async Task Weights_kept_small_prove_the_kernel_that_sums_in_int16()
    {
        KernelChoice[] free = await Kernels("8/8"), kept = await Kernels("8/8@6"), wide = await Kernels("8/8@12");

        Assert.All(free, kernel => Assert.NotEqual(KernelFamily.Maddubs16, kernel.Family));
        Assert.All(kept, kernel => Assert.Equal(KernelFamily.Maddubs16, kernel.Family));
        Assert.All(kept, kernel => Assert.True(kernel.Window >= 6));
        Assert.All(wide, kernel => Assert.True(kernel.Window >= 12));
    }

    [Fact]
    public async Task Binary_weights_run_like_any_others()
    {
        string manifest = _folder.PathOf("narrow.hawq.json");
        Outcome outcome = await Tool.Run("quantize", _model, "--calibration", _data, "--bits", "1/8", "--effort", "fast", "-o", manifest, "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        LoadedNetwork loaded = ManifestFile.Load(manifest);
        LinearLayer inner = loaded.Network.Layers.OfType<LinearLayer>().ElementAt(1);
        Assert.Equal(2, inner.Weights.Bits);
        Assert.All(loaded.Weights.Unpack(inner.Weights), code => Assert.True(code is -1 or 1));
        Assert.Contains("identical", (await Tool.Run("verify", manifest, "--tier", "scalar", "--quiet")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_latency_budget_goes_from_measured_kernels_to_a_network()
    {
        string times = _folder.PathOf("times.json"), manifest = _folder.PathOf("fast.hawq.json");
        string[] options = ["--options", "8/8", "8/8@6"];
        Outcome profile = await Tool.Run(["profile", _model, "--calibration", _data, "--rounds", "5", "-o", times, .. options]);
        Assert.True(profile.Code == 0, profile.Error);
        LatencyTable table = LatencyTable.Read(times);
        Assert.Equal(4 * 2, table.Layers.Count);
        Assert.All(table.Layers, layer => Assert.NotNull(layer.Kernel));

        // Measured times of so small a network are noise: 8/8@6 is made the only option that fits.
        table = table with { Layers = table.Layers.Select(layer => layer with { Nanoseconds = layer.Bits.Window == 0 ? 1000 : 1 }).ToEquatableArray() };
        File.WriteAllBytes(times, table.Serialize());
        string[] search = ["--bits", "mixed", "--budget", "latency=2.1us", "--latency-table", times, "--effort", "fast"];
        Outcome quantize = await Tool.Run(["quantize", _model, "--calibration", _data, "-o", manifest, .. search, .. options]);
        Assert.True(quantize.Code == 0, quantize.Error);
        Network network = ManifestFile.Load(manifest).Network;
        Assert.Equal(["8/8@6", "8/8@6"], network.Provenance.Settings.Where(setting => setting.Name.StartsWith("set ", StringComparison.Ordinal)).Select(setting => setting.Value).Skip(1).SkipLast(1));
        Assert.Contains("latency", quantize.Output, StringComparison.Ordinal);

        Outcome tight = await Tool.Run(["quantize", _model, "--calibration", _data, "-o", manifest, "--bits", "mixed", "--budget", "latency=2us", "--latency-table", times, "--effort", "fast", .. options]);
        Assert.Equal(1, tight.Code);
        Assert.Contains("the latency budget is 2000, but the least possible is 2002", tight.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cost_table_has_bytes_bit_operations_and_the_target_that_was_asked_for()
    {
        string times = _folder.PathOf("scalar.json");
        Outcome profile = await Tool.Run("profile", _model, "--calibration", _data, "--rounds", "3", "--target", "Scalar", "--options", "4/8", "-o", times);
        Assert.True(profile.Code == 0, profile.Error);
        LatencyTable table = LatencyTable.Read(times);

        Assert.Equal("scalar", table.Target);
        Assert.Equal(16 * 16 * 9 / 2, table.Layers[1].Bytes);
        Assert.Equal(16 * 16 * 9 * 64 * 4 * 8, table.Layers[1].Bops);
        Assert.Contains("4/8 MBOPS", profile.Output, StringComparison.Ordinal);

        // The table may be used where its target is asked for, and nowhere else.
        string[] quantize = ["quantize", _model, "--calibration", _data, "--bits", "mixed", "--options", "4/8", "--effort", "fast", "--quiet", "-o", _folder.PathOf("t.hawq.json"), "--latency-table", times];
        Outcome other = await Tool.Run([.. quantize, "--target", "t4"]);
        Assert.Equal(1, other.Code);
        Assert.Contains("measured on scalar, not on t4", other.Error, StringComparison.Ordinal);
        Outcome lone = await Tool.Run("quantize", _model, "--calibration", _data, "--bits", "mixed", "--target", "t4", "-o", _folder.PathOf("t.hawq.json"));
        Assert.Equal(2, lone.Code);
        Outcome unknown = await Tool.Run("profile", _model, "--calibration", _data, "--target", "v100", "-o", times);
        Assert.Equal(2, unknown.Code);
        Assert.Contains("cannot run v100", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_of_the_recipe_are_chosen_printed_and_written_into_the_manifest()
    {
        string manifest = _folder.PathOf("steps.hawq.json");
        string[] command = ["quantize", _model, "--calibration", _data, "--bits", "4/4", "--rounding", "meanfield", "--equalize", "--calibrator4", "percentile=99.9", "-o", manifest];
        Outcome outcome = await Tool.Run([.. command, "--json"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        Dictionary<string, string> settings = ManifestFile.Load(manifest).Network.Provenance.Settings.ToDictionary(setting => setting.Name, setting => setting.Value);

        Assert.Equal(("meanfield at 4/4; nearest at 8/8", "yes", "percentile:99.9"), (settings["rounding"], settings["equalization"], settings["calibrator4"]));
        Assert.Matches(@"4/4: [0-9.]+ dB \(refit [+-][0-9.]+, scales [+-][0-9.]+, rounding [+-][0-9.]+, scale fit [+-][0-9.]+, bias [+-][0-9.]+\)", outcome.Error);
        Assert.Contains("warning: Only 64 calibration inputs", outcome.Error, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.True(json.RootElement.GetProperty("quantized")[1].GetProperty("gains").TryGetProperty("rounding", out _));

        // Warnings are not silenced.
        Outcome quiet = await Tool.Run([.. command, "--quiet"]);
        Assert.StartsWith("warning: Only 64", quiet.Error, StringComparison.Ordinal);
        Assert.Single(quiet.ErrorLines);
        Assert.Equal(2, (await Tool.Run([.. command, "--effort", "naive"])).Code);
        Assert.Equal(2, (await Tool.Run("quantize", _model, "--calibration", _data, "--rounding", "lucky", "-o", manifest)).Code);
    }

    [Fact]
    public async Task A_front_is_continued_as_long_as_what_was_measured_is_the_same()
    {
        string front = _folder.PathOf("front.json"), times = _folder.PathOf("times.json");
        Assert.Equal(0, (await Tool.Run("profile", _model, "--calibration", _data, "--rounds", "3", "--quiet", "-o", times)).Code);
        string[] command = ["pareto", _model, "--calibration", _data, "--cost", "latency", "--latency-table", times, "--steps", "2", "--effort", "fast", "-o", front];
        Outcome first = await Tool.Run([.. command, "--measure", _data]);
        Assert.True(first.Code == 0, first.Error);

        // A figure that no measurement gives: the second run must have read it.
        File.WriteAllText(front, Regex.Replace(File.ReadAllText(front), "\"sqnrDb\": [^,\n]+", "\"sqnrDb\": 77.25"));
        Outcome second = await Tool.Run([.. command, "--measure", _data]);
        Outcome other = await Tool.Run([.. command, "--measure", _folder.Write("x2.npy", Noise(32, 3, 8, 8))]);

        Assert.Contains("77.25", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("77.25", other.Output, StringComparison.Ordinal);
        Assert.Equal(CostNames.Latency, ParetoFront.Read(front).Cost);
    }

    [Fact]
    public async Task A_latency_table_of_a_T4_is_modelled_without_one_and_serves_the_search()
    {
        string times = _folder.PathOf("t4.json"), manifest = _folder.PathOf("t4.hawq.json");
        string[] options = ["--options", "8/8", "4/4"];
        Outcome profile = await Tool.Run(["profile", _model, "--calibration", _data, "--target", "t4", "--batch", "4", "-o", times, .. options]);
        Assert.True(profile.Code == 0, profile.Error);
        LatencyTable table = LatencyTable.Read(times);
        Assert.Equal("t4", table.Target);
        Assert.Contains("nothing was measured", table.Machine, StringComparison.Ordinal);
        Assert.Equal(4 * 2, table.Layers.Count);

        // A launch, 2.5 us, is shared by four images.
        Assert.All(table.Layers, layer => Assert.InRange(layer.Nanoseconds, 2500 / 4, 10000));
        string[] search = ["--bits", "mixed", "--budget", "latency=40us", "--latency-table", times, "--target", "t4", "--effort", "fast"];
        Outcome quantize = await Tool.Run(["quantize", _model, "--calibration", _data, "-o", manifest, .. search, .. options]);
        Assert.True(quantize.Code == 0, quantize.Error);
    }

    private async Task<KernelChoice[]> Kernels(string bits)
    {
        string manifest = _folder.PathOf("net.hawq.json");
        Outcome outcome = await Tool.Run("quantize", _model, "--calibration", _data, "--bits", bits, "-o", manifest, "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        NetworkPlan plan = Planner.Plan(ManifestFile.Load(manifest).Network, new KernelPreference(InstructionSet.Avx2));
        return [.. plan.Steps.OfType<ConvStep>().Skip(1).SkipLast(1).Select(step => step.Kernels[0])];
    }

    /// <summary>A float32 array with a fixed seed.</summary>
    private static byte[] Noise(params int[] shape)
    {
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        Random random = new(1);
        foreach (ref float value in values.AsSpan())
        {
            value = random.NextSingle();
        }

        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        header = header.PadRight(128 - 11) + "\n";
        byte[] start = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0];
        return [.. start, .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(values.AsSpan())];
    }
}
