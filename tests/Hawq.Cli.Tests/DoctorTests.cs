using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class DoctorTests
{
    [SharedDataFact]
    public async Task A_model_with_statistics_is_healthy()
    {
        Outcome outcome = await Tool.Run("doctor", SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("19 batch normalizations", outcome.Output, StringComparison.Ordinal);
    }

    [SharedDataFact]
    public async Task A_model_without_them_is_told_how_to_keep_them()
    {
        Outcome outcome = await Tool.Run("doctor", SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"), "--json");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("\"zeroShot\": false", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("torch.onnx.export", outcome.Output, StringComparison.Ordinal);
    }

    [SharedDataFact]
    public async Task Options_of_zero_shot_calibration_are_refused_with_data()
    {
        Outcome outcome = await Tool.Run(
            "quantize", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--calibration", SharedData.PathOf("cifar10", "train_batch_0.bin"), "--preprocess", "cifar10",
            "--seed", "3", "-o", "x.hawq.json");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--seed belongs to --calibration zero-shot", outcome.Error, StringComparison.Ordinal);
    }
}
