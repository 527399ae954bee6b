namespace Hawq.Testing.Onnx.Networks;

/// <summary>A network that people deploy, with seeded random weights.</summary>
/// <param name="Name">Name.</param>
/// <param name="InputDims">Dimensions of its input with batch 1.</param>
/// <param name="Build">Writes the model.</param>
public sealed record ZooNetwork(string Name, IReadOnlyList<long> InputDims, Func<OnnxModelBuilder> Build)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Seeded builders of the networks that must import and quantize: whole in structure, reduced in size so that tests are fast.</summary>
public static class NetworkZoo
{
    /// <summary>All networks.</summary>
    /// <param name="divisor">Divides the widths (1: as published).</param>
    /// <param name="size">Rows and columns of the input where the network allows it; a multiple of 32.</param>
    public static IReadOnlyList<ZooNetwork> All(int divisor = 4, int size = 64) =>
    [
        Image("resnet18", size, s => ResNets.Basic(s, divisor, 2, 2, 2, 2)),
        Image("resnet34", size, s => ResNets.Basic(s, divisor, 3, 4, 6, 3)),
        Image("resnet50-v1", size, s => ResNets.Bottleneck(s, divisor, false, 3, 4, 6, 3)),
        Image("resnet50-v1.5", size, s => ResNets.Bottleneck(s, divisor, true, 3, 4, 6, 3)),
        Image("inceptionv3", Math.Max(size, 79), s => BranchingNetworks.InceptionV3(s, divisor)),
        Image("vgg16", size, s => PlainNetworks.Vgg16(s, divisor)),
        Image("squeezenet1.1", size, s => PlainNetworks.SqueezeNet(s, divisor)),
        Image("mobilenetv1", size, s => MobileNets.V1(s, divisor)),
        Image("mobilenetv2", size, s => MobileNets.V2(s, divisor)),
        Image("mobilenetv3-small", size, s => MobileNets.V3Small(s, divisor, isHardSwishWritten: false)),
        Image("mobilenetv3-small-opset11", size, s => MobileNets.V3Small(s, divisor, isHardSwishWritten: true)),
        Image("efficientnet-b0", size, s => MobileNets.EfficientNet(s, divisor, isLite: false)),
        Image("efficientnet-lite0", size, s => MobileNets.EfficientNet(s, divisor, isLite: true)),
        Image("densenet121", size, s => BranchingNetworks.DenseNet121(s, divisor)),
        Image("shufflenetv2", size, s => BranchingNetworks.ShuffleNetV2(s, divisor)),
        Image("unet-resize", size, s => DenseOutputNetworks.UNet(s, divisor, isResize: true)),
        Image("unet-transposed", size, s => DenseOutputNetworks.UNet(s, divisor, isResize: false)),
        Image("yolo", size, s => DenseOutputNetworks.Yolo(s, divisor)),
        Image("resnet8", 32, TinyNetworks.ResNet8),
        new("ds-cnn", [1, 1, 49, 10], () => TinyNetworks.DsCnn(49, 10)),
        Image("mobilenetv1-0.25", 96, s => MobileNets.V1(s, 1, 0.25)),
        new("autoencoder", [1, 640], () => PlainNetworks.Autoencoder(640)),
    ];

    private static ZooNetwork Image(string name, int size, Func<int, OnnxModelBuilder> build) => new(name, [1, 3, size, size], () => build(size));
}
