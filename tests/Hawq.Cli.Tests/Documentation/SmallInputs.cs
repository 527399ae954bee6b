using System.Text;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Cli.Tests.Documentation;

/// <summary>Small files for every command to work on, made once: a float network with batch statistics, the same quantized, images, arrays.</summary>
public sealed class SmallInputs : IAsyncLifetime
{
    /// <summary>Images: as few as second-order rounding takes.</summary>
    private const int Images = 32;
    private const int Record = 1 + (3 * 32 * 32);

    private readonly TemporaryFolder _folder = new();

    /// <summary>A layer of the network that a command may give other bits.</summary>
    public const string Layer = "conv_9";

    /// <summary>The float network, with its batch normalizations.</summary>
    public string Model => _folder.PathOf("model.onnx");

    /// <summary>The same as another tool would quantize it.</summary>
    public string QuantizedModel => _folder.PathOf("qdq.onnx");

    /// <summary>The same for a fair race: its input is codes.</summary>
    public string TwinModel => _folder.PathOf("int8.onnx");

    /// <summary>Labelled images.</summary>
    public string Data => _folder.PathOf("images.bin");

    /// <summary>The same number of real-valued inputs.</summary>
    public string Array => _folder.PathOf("x.npy");

    /// <summary>Their labels.</summary>
    public string Labels => _folder.PathOf("y.npy");

    /// <summary>An instance of the bit search.</summary>
    public string Instance => _folder.PathOf("instance.json");

    /// <summary>Copies the quantized network under a name.</summary>
    /// <param name="path">Path of the manifest.</param>
    /// <param name="ternary">With 2-bit weights.</param>
    public void CopyNetwork(string path, bool ternary)
    {
        string source = _folder.PathOf(ternary ? "ternary.hawq" : "net.hawq"), weights = Path.ChangeExtension(path, ".bin");
        File.WriteAllText(path, File.ReadAllText(source + ".json").Replace(Path.GetFileName(source) + ".bin", Path.GetFileName(weights), StringComparison.Ordinal));
        File.Copy(source + ".bin", weights, overwrite: true);
    }

    /// <summary>Copies the float network's statistics.</summary>
    public void CopyStatistics(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(_folder.PathOf("statistics.json"), path);
    }

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Network().Save(Model);
        byte[] images = await File.ReadAllBytesAsync(Path.Combine(Checkout.Root, "samples", "Cifar10", "data", "test_batch_200.bin"));
        _folder.Write("images.bin", images[..(Images * Record)]);
        _folder.Write("x.npy", Npy("<f4", $"{Images}, 3, 32, 32", [.. Enumerable.Range(0, Images).SelectMany(i => OnnxRunner.Noise(3 * 32 * 32, i)).SelectMany(BitConverter.GetBytes)]));
        _folder.Write("y.npy", Npy("|u1", $"{Images},", [.. Enumerable.Range(0, Images).Select(i => (byte)(i % 10))]));
        _folder.Write("instance.json", SolveTests.Instance);
        await Run("quantize", Model, "--calibration", Data, "--preprocess", "cifar10", "--effort", "fast", "-o", _folder.PathOf("net.hawq.json"));
        await Run("quantize", Model, "--calibration", Data, "--preprocess", "cifar10", "--effort", "fast", "--bits", "2/8", "-o", _folder.PathOf("ternary.hawq.json"));
        await Run("calibrate", Model, "--calibration", Data, "--preprocess", "cifar10", "-o", _folder.PathOf("statistics.json"));
        await Run("export", _folder.PathOf("net.hawq.json"), "-o", QuantizedModel);
        await Run("export", _folder.PathOf("net.hawq.json"), "--int8", "--codes", "-o", TwinModel);
    }

    /// <inheritdoc/>
    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private static async Task Run(params string[] arguments)
    {
        Outcome outcome = await Tool.Run(arguments);
        Assert.True(outcome.Code == 0, outcome.Error);
    }

    private static OnnxModelBuilder Network()
    {
        OnnxModelBuilder model = new();
        string Conv(string x, int inputs, int outputs, int stride) => model.Node(
            "BatchNormalization",
            [
                model.Node("Conv", [x, model.Random(0.4f, outputs, inputs, 3, 3)], ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { stride, stride })),
                model.Random(0.5f, 1.5f, outputs), model.Random(0.2f, outputs), model.Random(0.2f, outputs), model.Random(0.5f, 2f, outputs),
            ]);
        string stem = model.Node("Relu", [Conv(model.Input("x", null, 3, 32, 32), 3, 8, 4)]);
        string sum = model.Node("Relu", [model.Node("Add", [Conv(model.Node("Relu", [Conv(stem, 8, 8, 1)]), 8, 8, 1), stem])]);
        return model.Output(model.Node("Gemm", [model.Node("Flatten", [model.Node("GlobalAveragePool", [sum])]), model.Random(0.5f, 10, 8), model.Random(0.1f, 10)], ("transB", 1)));
    }

    private static byte[] Npy(string type, string shape, byte[] content)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}".PadRight(117) + "\n";
        return [0x93, .. Encoding.ASCII.GetBytes("NUMPY"), 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. content];
    }
}
