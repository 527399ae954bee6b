using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>The generated CUDA kernels, run as PTX by the interpreter, against the reference interpreter: every tensor, every code.</summary>
public sealed class GeneratedKernelTests
{
    [Theory]
    [InlineData(8, 1)]
    [InlineData(8, 3)]
    [InlineData(4, 1)]
    [InlineData(4, 2)]
    public void A_residual_network_equals_the_reference(int bits, int batch)
    {
        var b = new NetworkBuilder("residual", seed: 7).Input(8, 8, 3, pixels: true);
        Activation range = bits == 4 ? Activation.U4 : Activation.U7;
        string stem = b.Conv(b.InputName, 32, 3, activation: Activation.Residual);
        (string Residual, string Input) x = (stem, b.Requantize(stem, range));
        x = b.BasicBlock(x.Residual, x.Input, 32, weightBits: bits, activation: range);
        x = b.BasicBlock(x.Residual, x.Input, 64, stride: 2, weightBits: bits, activation: range);
        b.Gemm(b.GlobalAveragePool(x.Residual), 10);
        (Network network, NetworkWeights weights) = b.Build();

        EmulatedNetwork gpu = AssertEqual(network, weights, batch);
        string instruction = bits == 4 ? "mma.sync.aligned.m8n8k32" : "mma.sync.aligned.m8n8k16";
        Assert.Contains(gpu.Kernels.Values, kernel => kernel.Count(instruction) > 0);
    }

    [Theory]
    [InlineData(5, 7, 20, 3, 2, 1)]
    [InlineData(1, 1, 70, 1, 1, 0)]
    [InlineData(9, 4, 16, 5, 1, 2)]
    [InlineData(6, 6, 33, 3, 3, 0)]
    public void A_convolution_of_any_shape_equals_the_reference(int height, int width, int channels, int kernel, int stride, int padding)
    {
        var b = new NetworkBuilder("shapes", seed: channels).Input(height, width, channels, range: Activation.S8);
        b.Conv(b.InputName, channels + 3, kernel, stride, padding, activation: Activation.U8);
        (Network network, NetworkWeights weights) = b.Build();
        AssertEqual(network, weights, 2);
    }

    [Fact]
    public void A_fully_connected_layer_over_a_map_equals_the_reference()
    {
        var b = new NetworkBuilder("gemm", seed: 3).Input(4, 3, 20, range: Activation.U8Asymmetric);
        b.Gemm(b.InputName, 21);
        (Network network, NetworkWeights weights) = b.Build();
        AssertEqual(network, weights, 3);
    }

    /// <summary>More tensors than a launch joins, with odd channels, some on other grids.</summary>
    [Fact]
    public void A_concatenation_of_many_tensors_equals_the_reference()
    {
        (Network network, NetworkWeights weights) = Cases.WideConcat();
        EmulatedNetwork gpu = AssertEqual(network, weights, 2);
        Assert.Equal(3, gpu.Program.Launches.Count(launch => launch.Layers.StartsWith("concat", StringComparison.Ordinal)));
    }

    [Fact]
    public void Random_networks_equal_the_reference()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            AssertEqual(network, weights, 2);
        }
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void Every_operator_without_weights_equals_the_reference(string op)
    {
        for (int seed = 0; seed < 2; seed++)
        {
            (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed);
            AssertEqual(network, weights, 2);
        }
    }

    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    private static EmulatedNetwork AssertEqual(Network network, NetworkWeights weights, int batch)
    {
        (byte[][] images, Dictionary<string, int[]> expected) = Cases.Random(network, weights, batch);
        var gpu = new EmulatedNetwork(network, weights);
        Cases.AssertEqual(network.Name, expected, gpu.Run(images));

        return gpu;
    }
}
