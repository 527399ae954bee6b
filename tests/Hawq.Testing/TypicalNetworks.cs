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
}
