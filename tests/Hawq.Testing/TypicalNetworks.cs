using Hawq.Model;

namespace Hawq.Testing;

/// <summary>Networks of the shapes that people deploy, with random weights.</summary>
public static class TypicalNetworks
{
    /// <summary>ResNet-20 for CIFAR-10 (0.27 million weights, 41 million multiply-adds), as HAWQ-V3 quantizes it.</summary>
    /// <param name="weightBits">2, 4 or 8 for all layers but the first and the last.</param>
    /// <param name="activation">Range of the activations between layers.</param>
    public static (Network Network, NetworkWeights Weights) ResNet20(int weightBits = 8, Activation? activation = null)
    {
        Activation range = activation ?? Activation.U7;
        NetworkBuilder b = new NetworkBuilder("resnet20", 20).Input(32, 32, 3, pixels: true);
        string residual = b.Conv(b.InputName, 16, 3, activation: Activation.Residual);
        string input = b.Requantize(residual, range);
        for (int block = 0; block < 9; block++)
        {
            (residual, input) = b.BasicBlock(residual, input, 16 << (block / 3), block is 3 or 6 ? 2 : 1, weightBits, range);
        }

        return b.Build(b.Gemm(b.GlobalAveragePool(input), 10));
    }

    /// <summary>ResNet-50 for ImageNet, version 1.5 (25.5 million weights, 4.1 billion multiply-adds), as HAWQ-V3 quantizes it.</summary>
    public static (Network Network, NetworkWeights Weights) ResNet50(int weightBits = 8)
    {
        NetworkBuilder b = new NetworkBuilder("resnet50", 50).Input(224, 224, 3, pixels: true);
        string residual = b.MaxPool(b.Conv(b.InputName, 64, 7, 2, activation: Activation.U7), new Size2(3, 3), new Size2(2, 2), new Padding(1, 1, 1, 1));
        string input = residual;
        foreach ((int stage, int blocks) in new[] { 3, 4, 6, 3 }.Index())
        {
            for (int block = 0; block < blocks; block++)
            {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                string inner = b.Conv(b.Conv(input, 64 << stage, 1, weightBits: weightBits), 64 << stage, 3, stride, weightBits: weightBits);
                string branch = b.Conv(inner, 256 << stage, 1, weightBits: weightBits, activation: Activation.Branch);
                string identity = block == 0 ? b.Conv(input, 256 << stage, 1, stride, weightBits: weightBits, activation: Activation.Branch) : residual;
                residual = b.Add(branch, identity);
                input = b.Requantize(residual, Activation.U7);
            }
        }

        return b.Build(b.Gemm(b.GlobalAveragePool(input), 1000));
    }

    /// <summary>The same network with the multipliers of <c>hawq quantize --multipliers short</c>.</summary>
    public static (Network Network, NetworkWeights Weights) WithShortMultipliers((Network Network, NetworkWeights Weights) model) => (
        model.Network with
        {
            Layers = model.Network.Layers.Select(layer => layer is LinearLayer linear
                ? linear with { Requantize = ShortMultipliers.Of([.. linear.Requantize], linear.Facts.LargestAccumulator) }
                : layer).ToEquatableArray(),
        },
        model.Weights);
}
