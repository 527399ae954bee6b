using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>hawq quantize of a model that is quantized already.</summary>
public sealed class QuantizedModelTests
{
    private static readonly string s_sample = Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq.json");

    [Fact]
    public async Task An_exported_network_comes_back_with_the_same_weights_and_the_same_logits()
    {
        using TemporaryFolder folder = new();
        string exported = folder.PathOf("net.onnx"), manifest = folder.PathOf("back.hawq.json");
        Assert.Equal(0, (await Tool.Run("export", s_sample, "-o", exported)).Code);
        Outcome outcome = await Tool.Run("quantize", exported, "--preprocess", "cifar10", "-o", manifest, "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);

        LoadedNetwork before = ManifestFile.Load(s_sample), after = ManifestFile.Load(manifest);
        Assert.Equal(File.ReadAllBytes(Path.ChangeExtension(s_sample, ".bin")), File.ReadAllBytes(Path.ChangeExtension(manifest, ".bin")));
        byte[] pixels = new byte[3 * 32 * 32];
        for (int seed = 1; seed <= 3; seed++)
        {
            new Random(seed).NextBytes(pixels);
            Assert.Equal(Logits(before, pixels), Logits(after, pixels));
        }
    }

    [Fact]
    public async Task The_generated_code_of_an_imported_network_is_verified()
    {
        using TemporaryFolder folder = new();
        string exported = folder.PathOf("net.onnx"), manifest = folder.PathOf("back.hawq.json");
        Assert.Equal(0, (await Tool.Run("export", s_sample, "-o", exported, "--int8")).Code);
        Assert.Equal(0, (await Tool.Run("quantize", exported, "-o", manifest, "--quiet")).Code);
        Outcome outcome = await Tool.Run("verify", manifest, "--tier", "scalar", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("identical", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--bits", "4/8")]
    [InlineData("--calibration", "images")]
    [InlineData("--effort", "best")]
    [InlineData("--residual-scale", "stage")]
    public async Task What_a_quantized_model_decides_itself_cannot_be_asked_for(string option, string value)
    {
        using TemporaryFolder folder = new();
        string exported = folder.PathOf("net.onnx"), manifest = folder.PathOf("back.hawq.json");
        Assert.Equal(0, (await Tool.Run("export", s_sample, "-o", exported)).Code);
        Outcome outcome = await Tool.Run("quantize", exported, option, value, "-o", manifest, "--quiet");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("already quantized", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(manifest));
    }

    [SharedDataFact]
    public async Task A_float_model_needs_calibration_data()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("quantize", SharedData.PathOf("models", "resnet20-cifar10.onnx"), "-o", folder.PathOf("x.hawq.json"), "--quiet");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--calibration", outcome.Error, StringComparison.Ordinal);
    }

    private static int[] Logits(LoadedNetwork model, byte[] pixels) => new Interpreter(model.Network, model.Weights).Run(pixels)[model.Network.Outputs[0]];
}
