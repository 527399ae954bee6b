using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>Every tile of the tensor-core kernels, and shortcuts that stay in registers, in the interpreter against the reference.</summary>
public sealed class TensorCoreTileTests
{
    [Theory]
    [InlineData(24, 128, 128, 128)]
    [InlineData(24, 64, 128, 64)]
    [InlineData(16, 64, 64, 64)]
    [InlineData(40, 32, 128, 32)]
    [InlineData(12, 64, 64, 32)]
    [InlineData(40, 16, 128, 16)]
    [InlineData(12, 16, 64, 16)]
    public void A_convolution_equals_the_reference_on_every_tile(int size, int channels, int tilePixels, int tileChannels)
    {
        var b = new NetworkBuilder("tiles", seed: size).Input(size, size, 32, range: Activation.U8);
        b.Conv(b.InputName, channels, 1, padding: 0, activation: Activation.U8);
        (Network network, NetworkWeights weights) = b.Build();
        GpuConvKernel kernel = Plan(network).Steps.OfType<GpuConvStep>().Single().Kernel;
        Assert.Equal((tilePixels, tileChannels), (kernel.BlockPixels, kernel.BlockChannels));
        AssertEqual(network, weights);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void A_projection_shortcut_stays_in_registers(int bits)
    {
        Activation range = bits == 4 ? Activation.U4 : Activation.U7;
        var b = new NetworkBuilder("shortcut", seed: 9).Input(8, 8, 32, range: range);
        string inner = b.Conv(b.InputName, 64, 3, stride: 2, weightBits: bits, activation: range);
        string shortcut = b.Conv(b.InputName, 64, 1, stride: 2, padding: 0, weightBits: bits, activation: Activation.Branch);
        string sum = b.Add(b.Conv(inner, 64, 3, weightBits: bits, activation: Activation.Branch), shortcut);
        b.Gemm(b.GlobalAveragePool(b.Requantize(sum, range)), 10);
        (Network network, NetworkWeights weights) = b.Build();

        GpuPlan plan = Plan(network);
        GpuConvStep fused = Assert.Single(plan.Steps.OfType<GpuConvStep>(), step => step.Shortcut is not null);
        Assert.DoesNotContain(plan.Tensors, tensor => tensor.Tensor.Name == fused.Epilogue.Residual!.Operand.Tensor.Name);
        AssertEqual(network, weights);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void Taps_of_an_image_are_dealt_to_units_as_the_weights_are(int kernel)
    {
        var b = new NetworkBuilder("image", seed: kernel).Input(11, 9, 3, pixels: true);
        b.Conv(b.InputName, 24, kernel, stride: 2, padding: kernel / 2, activation: Activation.U8);
        (Network network, NetworkWeights weights) = b.Build();
        AssertEqual(network, weights);
    }

    private static GpuPlan Plan(Network network) => GpuPlanner.Plan(Planner.Plan(network), GpuTarget.Cuda);

    private static void AssertEqual(Network network, NetworkWeights weights)
    {
        (byte[][] images, Dictionary<string, int[]> expected) = Cases.Random(network, weights, 2);
        Cases.AssertEqual(network.Name, expected, new EmulatedNetwork(network, weights).Run(images));
    }
}
