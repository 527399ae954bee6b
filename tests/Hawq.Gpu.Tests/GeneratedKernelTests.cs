using System.Text.RegularExpressions;
using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;
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
        return new EmulatedNetwork(GpuPlanner.Plan(Planner.Plan(network), GpuTarget.Cuda), weights) { Mutate = mutate };
    }

    private static (Network Network, NetworkWeights Weights) Small()
    {
        var b = new NetworkBuilder("small", seed: 11).Input(6, 6, 32, range: Activation.U8);
        b.Conv(b.InputName, 32, 3, activation: Activation.U8);
        return b.Build();
    }

    private static EmulatedNetwork AssertEqual(Network network, NetworkWeights weights, int batch)
    {
        bool pixels = network.Input.PixelTables.Length > 0;
        var interpreter = new Interpreter(network, weights);
        Tensor input = network.Tensor(network.Input.Tensor);
        byte[][] images = Enumerable.Range(1, batch)
            .Select(seed => pixels ? TestInputs.Pixels(network, seed) : Array.ConvertAll(TestInputs.Codes(input, seed), code => unchecked((byte)code)))
            .ToArray();
        IReadOnlyDictionary<string, int[]>[] expected = images
            .Select((image, i) => pixels ? interpreter.Run(image) : interpreter.RunCodes(TestInputs.Codes(input, i + 1)))
            .ToArray();

        var gpu = new EmulatedNetwork(GpuPlanner.Plan(Planner.Plan(network), GpuTarget.Cuda), weights);
        Dictionary<string, int[]> actual = gpu.Run(images);
        foreach ((string name, int[] codes) in actual)
        {
            int[] want = expected.SelectMany(run => run[name]).ToArray();
            int difference = Enumerable.Range(0, want.Length).FirstOrDefault(i => want[i] != codes[i], -1);
            Assert.True(difference < 0, difference < 0 ? "" : $"{network.Name}, {name}[{difference}]: {codes[difference]} instead of {want[difference]}");
        }

        return gpu;
    }
}
