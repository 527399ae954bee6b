using Hawq.Gpu.Devices;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>The portable kernels against the reference, every tensor, every code: on an OpenCL device, and small networks on ILGPU's CPU accelerator.</summary>
public sealed class PortableKernelTests
{
    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [OpenClFact]
    public void Resnet20_on_OpenCL_equals_the_reference()
    {
        (Network network, NetworkWeights weights) = TypicalNetworks.ResNet20(4, Activation.U4);
        AssertEqual(network, weights, 2, DeviceFinder.LoadOpenCl);
    }

    [OpenClFact]
    public void Random_networks_on_OpenCL_equal_the_reference()
    {
        for (int seed = 10; seed < 13; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            AssertEqual(network, weights, 2, DeviceFinder.LoadOpenCl);
        }
    }

    [OpenClTheory]
    [MemberData(nameof(Operators))]
    public void Every_operator_on_OpenCL_equals_the_reference(string op)
    {
        (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed: 2);
        AssertEqual(network, weights, 2, DeviceFinder.LoadOpenCl);
    }

    [OpenClFact]
    public void A_concatenation_of_many_tensors_on_OpenCL_equals_the_reference()
    {
        (Network network, NetworkWeights weights) = Cases.WideConcat();
        AssertEqual(network, weights, 1, DeviceFinder.LoadOpenCl);
    }

    /// <summary>A thread of the operating system per GPU thread: as small as a network can be.</summary>
    [Fact]
    public void A_tiny_residual_network_on_the_CPU_accelerator_equals_the_reference()
    {
        NetworkBuilder b = new NetworkBuilder("tiny", seed: 5).Input(3, 3, 3, pixels: true);
        string stem = b.Conv(b.InputName, 4, 3, activation: Activation.Residual);
        (string residual, _) = b.BasicBlock(stem, b.Requantize(stem, Activation.U4), 6, stride: 2, weightBits: 4, activation: Activation.U4);
        b.Gemm(b.GlobalAveragePool(residual), 3);
        (Network network, NetworkWeights weights) = b.Build();
        AssertEqual(network, weights, 1, DeviceFinder.LoadCpuAccelerator);
    }

    [Theory]
    [InlineData("averagePool")]
    [InlineData("concat")]
    [InlineData("mulPerChannel")]
    public void An_operator_on_the_CPU_accelerator_equals_the_reference(string op)
    {
        (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed: 3);
        AssertEqual(network, weights, 1, DeviceFinder.LoadCpuAccelerator);
    }

    private static void AssertEqual(Network network, NetworkWeights weights, int batch, Func<Func<KernelKind, DeviceProgram>, LoadedProgram?> load)
    {
        (byte[][] images, Dictionary<string, int[]> expected) = Cases.Random(network, weights, batch);
        GeneratedGpu gpu = new(network, weights);
        using LoadedProgram loaded = load(gpu.Program) ?? throw new InvalidOperationException("There is no such device.");
        Cases.AssertEqual($"{network.Name} on {loaded.Name}", expected, PortableNetwork.Run(loaded, images));
    }
}
