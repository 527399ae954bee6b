using System.Text.RegularExpressions;
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
            if (network.Outputs.Count == 1)
            {
                AssertEqual(network, weights, 2);
            }
        }
    }

    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [Fact]
    public void A_missing_barrier_in_a_generated_kernel_is_caught()
    {
        EmulatedNetwork gpu = Faulty(text => Regex.Replace(text, @"bar(rier)?\.sync[^;]*;", string.Empty), out byte[] input);
        Assert.Contains("race", Assert.Throws<PtxException>(() => gpu.Run(input)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_signedness_in_a_generated_kernel_is_caught()
    {
        EmulatedNetwork gpu = Faulty(text => text.Replace(".u8.s8.", ".s8.s8.", StringComparison.Ordinal), out byte[] input);
        (Network network, NetworkWeights weights) = Small();
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(network, weights).RunCodes(Array.ConvertAll(input, b => (int)b));
        Assert.NotEqual(expected[network.Outputs[0]], gpu.Run(input)[network.Outputs[0]]);
    }

    private static EmulatedNetwork Faulty(Func<string, string> mutate, out byte[] input)
    {
        (Network network, NetworkWeights weights) = Small();
        input = Array.ConvertAll(TestInputs.Codes(network.Tensor(network.Input.Tensor), 5), code => (byte)code);
        return new EmulatedNetwork(network, weights) { Mutate = mutate };
    }

    private static (Network Network, NetworkWeights Weights) Small()
    {
        var b = new NetworkBuilder("small", seed: 11).Input(6, 6, 32, range: Activation.U8);
        b.Conv(b.InputName, 32, 3, activation: Activation.U8);
        return b.Build();
    }

    private static EmulatedNetwork AssertEqual(Network network, NetworkWeights weights, int batch)
    {
        (byte[][] images, Dictionary<string, int[]> expected) = Cases.Random(network, weights, batch);
        var gpu = new EmulatedNetwork(network, weights);
        foreach ((string name, int[] codes) in gpu.Run(images))
        {
            Cases.AssertEqual($"{network.Name}, {name}", expected[name], codes);
        }

        return gpu;
    }
}
