using Hawq.Cli.Gpu;
using Hawq.Compilation.Ptx;
using Hawq.Gpu;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests.Gpu;

/// <summary>The model's arithmetic on one layer, 1 x 1, 64 to 64 channels on 16 x 16 pixels, checked by hand.</summary>
public sealed class LaunchModelTests
{
    private const int Batch = 8, Pixels = 16 * 16 * Batch, Channels = 64;

    [Theory]
    [InlineData(8, 16)]
    [InlineData(4, 32)]
    public void A_layer_has_the_products_and_the_bytes_that_it_must_have(int bits, int depth)
    {
        (GpuKernels kernels, DeviceLaunch launch) = Layer(bits);
        LaunchTime time = LaunchModel.Of(kernels, launch, Batch);

        // An mma multiplies 8 pixels by 8 channels over 16 (32) input channels; the tile divides both.
        Assert.Equal(Pixels / 8 * (Channels / 8) * (Channels / depth), time.Blocks * time.Block.Mma);

        // Input and output once (the network's output in whole bytes), the weights, and bias, multiplier and shift of 64 channels.
        long bytes = (((Pixels * Channels) + (Channels * Channels)) * bits / 8) + (Pixels * Channels) + (3 * 4 * Channels);
        Assert.Equal(bytes, LaunchModel.CompulsoryBytes(kernels.Program, launch, Batch));
        Assert.Equal(bytes / 220.0 / 1000, time.Dram, 6);

        // Four schedulers, an mma every 4 cycles each, 1,590 cycles a microsecond; 40 multiprocessors.
        int most = (time.Blocks + 39) / 40;
        Assert.Equal(most * time.Block.Mma / 1590.0, time.Tensor, 6);

        // A few microseconds of work do not outlast a launch.
        Assert.True(time.Compute < 2.5 && time.L2 < 2.5, $"{time}");
        Assert.Equal("launch", time.Bound);
        Assert.Equal(2.5 + Math.Max(time.Compute, Math.Max(time.L2, time.Dram)), time.Microseconds, 6);
    }

    [Fact]
    public void Blocks_run_in_groups_as_large_as_a_multiprocessor_holds()
    {
        (GpuKernels kernels, DeviceLaunch launch) = Layer(8);
        BlockCounts block = new(1024) { Latency = 1000 };
        double Compute(int blocks) => LaunchModel.Time(launch, blocks, resident: 2, block, dramBytes: 0).Compute;

        // A block that only waits: 80 blocks are two on each multiprocessor, at once; the 81st needs another turn.
        Assert.Equal(1000 / 1590.0, Compute(80), 6);
        Assert.Equal(2000 / 1590.0, Compute(81), 6);
        Assert.Equal(1000 / 900.0, LaunchModel.Time(launch, 80, resident: 2, block, dramBytes: 0, clockGhz: 0.9).Compute, 6);
    }

    [Fact]
    public void Shared_memory_threads_and_registers_limit_the_blocks_that_run_at_once()
    {
        (_, DeviceLaunch launch) = Layer(8);
        launch = launch with { Threads = 128, ResidentBlocks = 8 };
        Assert.Equal(8, LaunchModel.Resident(launch, 0));
        Assert.Equal(4, LaunchModel.Resident(launch, 16 * 1024));
        Assert.Equal(2, LaunchModel.Resident(launch with { ResidentBlocks = 2 }, 16 * 1024));
        Assert.Equal(4, LaunchModel.Resident(launch with { Threads = 256 }, 1024));
    }

    [SassFact]
    public void Instructions_are_those_that_the_assembler_makes()
    {
        (GpuKernels kernels, DeviceLaunch launch) = Layer(4);
        CudaTools tools = CudaTools.Find();
        foreach (KernelPtx kernel in kernels.Ptx.Kernels)
        {
            SassFacts facts = tools.Assemble(kernel);
            Assert.True(facts is { SpillBytes: 0, StackBytes: 0, LocalAccesses: 0 }, $"{facts}");
            Assert.Equal(PtxModule.Parse(kernel.Text).Instructions.Count(instruction => instruction.Name == "mma"), facts.Mma);
        }

        // Two units of 32 channels are one stage: the kernel has no loop, and its four warps run every instruction once.
        SassFacts layer = tools.Assemble(kernels.Of(launch));
        double assembled = layer.Mma + layer.Dp4a + layer.Multiply + layer.Shared + layer.Global + layer.Other;
        Assert.InRange(LaunchModel.Of(kernels, launch, Batch).Block.Issued / 4 / assembled, 0.9, 1.3);
    }

    private static (GpuKernels Kernels, DeviceLaunch Launch) Layer(int bits)
    {
        (Network network, NetworkWeights weights) = Network(bits);
        GpuKernels kernels = GpuKernels.Compile(network, weights);
        return (kernels, kernels.Program.Launches.Last(launch => launch.Linear >= 0));
    }

    private static (Network Network, NetworkWeights Weights) Network(int bits)
    {
        Activation range = bits == 4 ? Activation.U4 : Activation.U8;
        NetworkBuilder b = new NetworkBuilder("layer", seed: 5).Input(16, 16, Channels, range: range);
        string middle = b.Conv(b.InputName, Channels, 1, padding: 0, weightBits: bits, activation: range);
        string last = b.Conv(middle, Channels, 1, padding: 0, weightBits: bits, activation: range);
        return b.Build(last);
    }
}
