using Hawq.Model;
using Hawq.Testing;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Networks that several tests use.</summary>
internal static class Networks
{
    /// <summary>A small ResNet in the shape of the CIFAR-10 ones: 16-bit identity, parameter-free shortcut, pixels in, ten logits out.</summary>
    public static (Network Network, NetworkWeights Weights) Residual(int weightBits = 8, int size = 16, int blocks = 2)
    {
        NetworkBuilder b = new($"residual{weightBits}", 7);
        b.Input(size, size, 3, pixels: true);
        string residual = b.Conv(b.InputName, 16, 3, activation: Activation.Residual);
        string input = b.Requantize(residual, Activation.U7);
        for (int stage = 0; stage < 3; stage++)
        {
            for (int block = 0; block < blocks; block++)
            {
                (residual, input) = b.BasicBlock(residual, input, 16 << stage, stage > 0 && block == 0 ? 2 : 1, weightBits);
            }
        }

        return b.Build(b.Gemm(b.GlobalAveragePool(residual), 10));
    }
}
