namespace Hawq.Model;

/// <summary>
/// A quantized network: what is computed, exactly, in integers. Immutable, compared by content, free of weights (those are in
/// <see cref="NetworkWeights"/>), so that it can flow through the incremental generator.
/// </summary>
/// <param name="Name">Network name; file-name like, for example <c>resnet20-cifar10</c>.</param>
/// <param name="Provenance">Where it came from.</param>
/// <param name="WeightsFile">The binary sidecar.</param>
/// <param name="Input">The input tensor and how pixels become codes.</param>
/// <param name="Outputs">Names of the output tensors, first the logits.</param>
/// <param name="Labels">Class names of the first output, or empty.</param>
/// <param name="Tensors">All tensors; each is the input or is written by exactly one layer.</param>
/// <param name="Layers">All layers in execution order (every input is written before it is read).</param>
public sealed record Network(
    string Name,
    Provenance Provenance,
    WeightsFile WeightsFile,
    NetworkInput Input,
    EquatableArray<string> Outputs,
    EquatableArray<string> Labels,
    EquatableArray<Tensor> Tensors,
    EquatableArray<Layer> Layers)
{
    /// <summary>The tensor named <paramref name="name"/>. Linear: build a dictionary where it is called often.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Tensor Tensor(string name)
    {
        foreach (Tensor tensor in Tensors)
        {
            if (tensor.Name == name)
            {
                return tensor;
            }
        }

        throw new KeyNotFoundException($"The network {Name} has no tensor '{name}'.");
    }
}

/// <summary>Where a network came from; printed into the header of the generated file.</summary>
/// <param name="Tool">Tool name and version that wrote the manifest.</param>
/// <param name="Source">File name (no folder) of the source model.</param>
/// <param name="SourceSha256">Lower-case hexadecimal SHA-256 of the source model.</param>
/// <param name="Opset">ONNX opset of the source model, or 0.</param>
/// <param name="Settings">Effective quantization settings, name and value, in a fixed order (data, calibration, bits, ...).</param>
public sealed record Provenance(string Tool, string Source, string SourceSha256, int Opset, EquatableArray<Setting> Settings)
{
    /// <summary>The quantization card: name and value, computed from the network by the quantizer; empty when the manifest has none.</summary>
    public EquatableArray<Setting> Card { get; init; }
}

/// <summary>One effective setting of the quantizer.</summary>
/// <param name="Name">For example <c>calibration</c>.</param>
/// <param name="Value">For example <c>train_batch_0.bin, 256 images, min-max</c>.</param>
public sealed record Setting(string Name, string Value);

/// <summary>The binary sidecar of a manifest.</summary>
/// <param name="File">File name (no folder): it lies beside the manifest.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of the whole file.</param>
/// <param name="Length">Length in bytes.</param>
public sealed record WeightsFile(string File, string Sha256, long Length);

/// <summary>The network input.</summary>
/// <param name="Tensor">Name of the input tensor.</param>
/// <param name="PixelTables">
/// One table of 256 codes per channel, that maps an image byte to the input code, so that even the input step is integer-only;
/// empty when the input is not an image: the caller then passes codes.
/// </param>
/// <param name="Preprocess">How an image file becomes the pixels, or null when the input is not an image.</param>
public sealed record NetworkInput(string Tensor, EquatableArray<EquatableArray<int>> PixelTables, Preprocess? Preprocess);

/// <summary>How an image becomes the network's pixels: applied by tools and samples, never by the network.</summary>
/// <param name="Name">Preset or file that it came from: <c>cifar10</c>, <c>imagenet</c>, ...</param>
/// <param name="ResizeShorterSide">Length in pixels to which the shorter side is resized, or 0 for no resize.</param>
/// <param name="ChannelOrder">RGB, BGR or GRAY.</param>
/// <param name="PixelScale">What a byte is multiplied with before the mean is subtracted: 1/255, or 1.</param>
/// <param name="Mean">Mean per channel, subtracted after <paramref name="PixelScale"/>.</param>
/// <param name="Std">Standard deviation per channel, divided by.</param>
public sealed record Preprocess(
    string Name, int ResizeShorterSide, string ChannelOrder, float PixelScale, EquatableArray<float> Mean, EquatableArray<float> Std);
