using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class InspectTests
{
    [SharedDataFact]
    public async Task An_onnx_model_is_shown_layer_by_layer_with_totals()
    {
        Outcome outcome = await Tool.Run("inspect", SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("layer2.0.conv1", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("269 034 parameters, 40 551 040 MACs", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("", outcome.Error);
    }

    [SharedDataFact]
    public async Task Json_has_the_same_numbers_and_nothing_else_is_on_standard_output()
    {
        Outcome outcome = await Tool.Run("inspect", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--json");
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal("onnx", json.RootElement.GetProperty("kind").GetString());
        Assert.Equal(40_551_040, json.RootElement.GetProperty("totals").GetProperty("macs").GetInt64());
        Assert.Equal(53, json.RootElement.GetProperty("layers").GetArrayLength());
    }

    [SharedDataFact]
    public async Task A_truncated_model_is_one_message_and_exit_code_1()
    {
        using TemporaryFolder folder = new();
        byte[] model = File.ReadAllBytes(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        string path = folder.Write("cut.onnx", model[..5000]);
        Outcome outcome = await Tool.Run("inspect", path);
        Assert.Equal(1, outcome.Code);
        Assert.StartsWith($"{path}: error HAWQ10", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.ErrorLines);
    }

    [Fact]
    public async Task A_foreign_file_is_one_message_and_exit_code_1()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("photo.onnx", [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 4]);
        Outcome outcome = await Tool.Run("inspect", path);
        Assert.Equal(1, outcome.Code);
        Assert.Contains("error HAWQ1001", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.ErrorLines);
    }
}
