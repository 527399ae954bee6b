using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>The exported network in ONNX Runtime is an implementation of the same network that shares no code with this project.</summary>
public sealed class ExportTests
{
    // One tie among the 200,000 roundings of an image (ours goes up, ONNX's to even), or a float sum that crosses one, moves its ten logits.
    [SharedDataTheory]
    [InlineData("resnet20-cifar10.onnx", 70)]
    [InlineData("resnet56-cifar10.onnx", 30)]
    public async Task The_exported_network_chooses_as_ours_and_most_logits_are_equal(string model, double identicalInputs)
    {
        using TemporaryFolder folder = new();
        string manifest = folder.PathOf("net.hawq.json");
        Outcome quantized = await Tool.Run(
            "quantize", SharedData.PathOf("models", model), "--calibration", SharedData.PathOf("cifar10", "train_batch_0.bin"), "--preprocess", "cifar10",
            "--images", "32", "--effort", "naive", "-o", manifest, "--quiet");
        Assert.True(quantized.Code == 0, quantized.Error);
        Outcome outcome = await Tool.Run(
            "evaluate", manifest, "--data", SharedData.PathOf("cifar10", "test_batch_1000.bin"), "--images", "100", "--against", "onnxruntime", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement peer = json.RootElement.GetProperty("onnxruntime");
        Assert.InRange(peer.GetProperty("agreement").GetDouble(), 99, 100);
        Assert.InRange(peer.GetProperty("identicalInputs").GetDouble(), identicalInputs, 100);
        Assert.Equal(1000, peer.GetProperty("distribution").EnumerateArray().Sum(share => share.GetProperty("logits").GetInt64()));
    }

    [SharedDataFact]
    public async Task Evaluate_knows_one_peer()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run(
            "evaluate", SmallNetwork.Save(folder), "--data", SharedData.PathOf("cifar10", "test_batch_1000.bin"), "--against", "tflite", "--quiet");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("the peer is onnxruntime", outcome.Error, StringComparison.Ordinal);
    }
}
