using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>Whatever is wrong with what the user gives: one clear message, the right exit code, no file left behind.</summary>
public sealed class BadInputTests
{
    private const int CifarRecord = 1 + (3 * 32 * 32);

    [Fact]
    public async Task A_missing_sidecar()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        File.Delete(folder.PathOf("small.hawq.bin"));
        AssertError(await Tool.Run("inspect", manifest), 1, "HAWQ0006", "missing");
    }

    [Fact]
    public async Task A_sidecar_with_another_hash()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        byte[] sidecar = File.ReadAllBytes(folder.PathOf("small.hawq.bin"));
        sidecar[10] ^= 1;
        folder.Write("small.hawq.bin", sidecar);
        foreach (string[] command in new[] { new[] { "inspect", manifest }, ["verify", manifest], ["export", manifest, "-o", folder.PathOf("out.onnx")] })
        {
            AssertError(await Tool.Run(command), 1, "HAWQ0006", "SHA-256");
        }

        Assert.Equal(["small.hawq.bin", "small.hawq.json"], folder.Entries);
    }

    [Fact]
    public async Task A_manifest_error_has_file_line_and_column()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string text = File.ReadAllText(manifest);
        int at = text.IndexOf("\"provenance\"", StringComparison.Ordinal);
        int line = text.AsSpan(0, at).Count('\n') + 1;
        folder.Write("small.hawq.json", text.Insert(at, "\"colour\": 1, "));
        Outcome outcome = await Tool.Run("inspect", manifest);
        AssertError(outcome, 1, "HAWQ0002", "colour");
        Assert.StartsWith($"{manifest}({line},3): error HAWQ0002:", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_number_in_a_manifest()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string text = File.ReadAllText(manifest);
        folder.Write("small.hawq.json", text.Replace("\"hi\": 127", "\"hi\": 99999999999", StringComparison.Ordinal));
        AssertError(await Tool.Run("emit", manifest, "-o", folder.PathOf("out")), 1, "HAWQ000");
        Assert.Equal(["small.hawq.bin", "small.hawq.json"], folder.Entries);
    }

    [Fact]
    public async Task A_manifest_that_is_not_json()
    {
        using TemporaryFolder folder = new();
        string manifest = folder.Write("broken.hawq.json", "{ \"format\": \"hawq/1\", ");
        AssertError(await Tool.Run("inspect", manifest), 1, "HAWQ0001");
    }

    [Fact]
    public async Task A_model_where_a_manifest_is_needed()
    {
        using TemporaryFolder folder = new();
        string model = folder.Write("photo.onnx", [0x08, 0x07, 0x12, 0x00]);
        AssertError(await Tool.Run("verify", model), 1, "HAWQ000");
    }

    [Fact]
    public async Task A_folder_where_a_file_is_needed()
    {
        using TemporaryFolder folder = new();
        AssertError(await Tool.Run("inspect", folder.Path), 1, "HAWQ1202", "folder");
    }

    [Fact]
    public async Task An_output_folder_that_cannot_be_made()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        folder.Write("taken", "a file");
        AssertError(await Tool.Run("emit", manifest, "-o", folder.PathOf("taken/deeper")), 1, "HAWQ1202");
        Assert.Equal(["small.hawq.bin", "small.hawq.json", "taken"], folder.Entries);
    }

    [Fact]
    public async Task Data_that_does_not_exist()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        AssertError(await Tool.Run("evaluate", manifest, "--data", folder.PathOf("nothing.bin")), 1, "HAWQ1101");
    }

    [Fact]
    public async Task Images_of_another_size()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string data = folder.Write("cifar.bin", new byte[CifarRecord]);
        AssertError(await Tool.Run("evaluate", manifest, "--data", data), 1, "HAWQ1101", "32x32x3");
    }

    [SharedDataFact]
    public async Task An_empty_calibration_set_leaves_no_file()
    {
        using TemporaryFolder folder = new();
        string data = folder.Write("empty.bin", []);
        AssertError(await Quantize(folder, "--calibration", data), 1, "HAWQ1101", "empty");
        Assert.Equal(["empty.bin"], folder.Entries);
    }

    [SharedDataFact]
    public async Task A_truncated_calibration_set_leaves_no_file()
    {
        using TemporaryFolder folder = new();
        string data = folder.Write("cut.bin", new byte[CifarRecord - 1]);
        AssertError(await Quantize(folder, "--calibration", data), 1, "HAWQ1101", "truncated");
        Assert.Equal(["cut.bin"], folder.Entries);
    }

    [SharedDataFact]
    public async Task Images_without_a_preprocessing()
    {
        using TemporaryFolder folder = new();
        string data = folder.Write("cifar.bin", new byte[CifarRecord]);
        Outcome outcome = await Tool.Run("quantize", Model, "--calibration", data, "-o", folder.PathOf("x.hawq.json"));
        AssertError(outcome, 1, "HAWQ1101", "--preprocess");
    }

    [SharedDataFact]
    public async Task A_layer_that_does_not_exist()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Quantize(folder, "--calibration", SharedData.PathOf("cifar10", "train_batch_0.bin"), "--set", "conv99=4/8", "--images", "32");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("conv99", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(folder.Entries);
    }

    [Theory]
    [InlineData("--bits", "9/9")]
    [InlineData("--set", "conv1")]
    [InlineData("--activations", "u9")]
    [InlineData("--calibrator", "guess")]
    [InlineData("--effort", "heroic")]
    [InlineData("--images", "0")]
    [InlineData("--images", "many")]
    [InlineData("--residual", "12")]
    [InlineData("--residual-scale", "network")]
    [InlineData("--budget", "bops=0.5")]
    public async Task Wrong_options_are_usage_errors(string option, string value)
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run(
            "quantize", "no-model.onnx", "--calibration", "no-data.bin", "-o", folder.PathOf("x.hawq.json"), option, value);
        Assert.Equal(2, outcome.Code);
        Assert.Contains("error HAWQ1201", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("", outcome.Output);
    }

    [Fact]
    public async Task One_scale_per_stage_needs_16_bit_residuals()
    {
        Outcome outcome = await Tool.Run("quantize", "m.onnx", "--calibration", "d.bin", "--residual", "8", "--residual-scale", "stage", "-o", "x.hawq.json");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--residual-scale stage", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_for_the_output_that_is_no_manifest_name()
    {
        Outcome outcome = await Tool.Run("quantize", "m.onnx", "--calibration", "d.bin", "-o", "model.onnx");
        Assert.Equal(2, outcome.Code);
        Assert.Contains(".hawq.json", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_is_exit_code_130_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await HawqTool.RunAsync(["verify", manifest], output, error, cancellation: cancelled.Token);
        Assert.Equal(130, code);
        Assert.Equal("", output.ToString());
        Assert.Equal(["small.hawq.bin", "small.hawq.json"], folder.Entries);
    }

    private static string Model => SharedData.PathOf("models", "resnet20-cifar10.onnx");

    private static Task<Outcome> Quantize(TemporaryFolder folder, params string[] more) =>
        Tool.Run(["quantize", Model, "--preprocess", "cifar10", "-o", folder.PathOf("x.hawq.json"), "--quiet", .. more]);

    /// <summary>One line on standard error, nothing on standard output.</summary>
    private static void AssertError(Outcome outcome, int code, params string[] words)
    {
        Assert.True(outcome.Code == code, $"exit code {outcome.Code}: {outcome.Error}");
        Assert.Equal("", outcome.Output);
        string line = Assert.Single(outcome.ErrorLines, l => l.Contains("error ", StringComparison.Ordinal));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}
