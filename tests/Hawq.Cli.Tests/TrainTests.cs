using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>Training and calibration without data, from the command line: their smallest forms.</summary>
public sealed class TrainTests
{
    private static string[] Data => [SharedData.PathOf("cifar10", "train_batch_0.bin"), SharedData.PathOf("cifar10", "train_batch_1.bin")];

    [SharedDataFact]
    public async Task A_trained_resnet8_verifies_and_its_card_says_so()
    {
        using TemporaryFolder folder = new();
        string model = SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"), start = folder.PathOf("start.hawq.json"), trained = folder.PathOf("trained.hawq.json");
        Outcome outcome = await Tool.Run(
            "quantize", model, "--calibration", Data[0], "--preprocess", "none", "--bits", "4/4", "--effort", "naive", "--images", "16", "-o", start);
        Assert.True(outcome.Code == 0, outcome.Error);

        outcome = await Tool.Run("train", start, "--model", model, "--data", Data[0], Data[1], "--distill", "--steps", "2", "--batch", "8", "--json", "-o", trained);
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal(2, json.RootElement.GetProperty("steps").GetInt32());

        outcome = await Tool.Run("verify", trained, "--tier", "scalar", "--random", "1", "--channels", "0");
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        using JsonDocument card = JsonDocument.Parse((await Tool.Run("card", trained, "--json")).Output);
        Assert.Equal("QAT", card.RootElement.GetProperty("method").GetProperty("type").GetString());
        Assert.StartsWith("train_batch_0.bin, train_batch_1.bin, first 2000", card.RootElement.GetProperty("data").GetProperty("trainingImages").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("real", card.RootElement.GetProperty("data").GetProperty("labels").GetString(), StringComparison.Ordinal);
    }

    [SharedDataFact]
    public async Task Zero_shot_calibration_says_how_the_images_came_out()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run(
            "quantize", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "--calibration", "zero-shot", "--preprocess", "cifar10", "--effort", "naive", "--images", "8",
            "--steps", "3", "--generator", "--save-images", folder.PathOf("synthetic"), "--json", "-o", folder.PathOf("net.hawq.json"));
        Assert.True(outcome.Code == 0, outcome.Error);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement images = json.RootElement.GetProperty("zeroShot");
        Assert.Equal(8, images.GetProperty("images").GetInt32());
        Assert.InRange(images.GetProperty("classifiedAsMeant").GetDouble(), 0, 100);
        Assert.True(images.GetProperty("statisticsOfNoise").GetDouble() > 0);
        Assert.True(images.GetProperty("statistics").GetDouble() > 0);
        Assert.True(File.Exists(folder.PathOf("synthetic.png")));
        Assert.Equal(8, Directory.GetFiles(folder.PathOf("synthetic"), "*.png", SearchOption.AllDirectories).Length);
    }

    [SharedDataFact]
    public async Task Bad_training_arguments_are_explained_before_anything_runs()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder), model = SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"), output = folder.PathOf("x.hawq.json");
        Outcome missing = await Tool.Run("train", manifest, "--model", model, "--data", folder.PathOf("nowhere.bin"), "-o", output);
        Assert.Equal(1, missing.Code);
        Assert.Contains("does not exist", missing.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await Tool.Run("train", manifest, "--model", model, "--data", Data[0], "--batch", "33", "-o", output)).Code);
        Assert.Equal(2, (await Tool.Run("train", manifest, "--model", model, "--data", Data[0], Data[1], "--labels", "y.npy", "-o", output)).Code);
        Assert.False(File.Exists(output));
    }
}
