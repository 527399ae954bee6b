using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>PTX made without a device, and read again from a resource.</summary>
public sealed class PtxBundleTests
{
    [Fact]
    public void A_bundle_is_found_by_the_kernels_that_it_was_made_from()
    {
        DeviceProgram program = Program(seed: 3);
        PtxBundle made = PtxBundle.Create(program);

        PtxBundle found = PtxBundle.Find(program, ["Hawq.net.hawq.json.ptx", "Other.txt"], _ => new StringReader(made.ToString()))!;

        Assert.Equal(made.Kernels.Select(kernel => (kernel.Method, kernel.Entry, kernel.Text.TrimEnd())), found.Kernels.Select(kernel => (kernel.Method, kernel.Entry, kernel.Text.TrimEnd())));
        Assert.Null(PtxBundle.Find(program, ["Other.txt"], _ => throw new InvalidOperationException()));
    }

    [Fact]
    public void A_bundle_of_other_kernels_of_the_network_is_refused()
    {
        // The same shapes with other weights: the multipliers that are baked into the kernels differ.
        string stale = PtxBundle.Create(Program(seed: 4)).ToString();
        HawqException refused = Assert.Throws<HawqException>(() => PtxBundle.Find(Program(seed: 3), ["a.ptx"], _ => new StringReader(stale)));
        Assert.Equal(HawqIds.GpuStalePtx, refused.Id);
    }

    [Fact]
    public void The_text_of_a_kernel_does_not_depend_on_what_was_compiled_before()
    {
        DeviceProgram program = Program(seed: 3);
        DeviceLaunch launch = program.Launches[^1];
        using OfflinePtx fresh = new();
        Assert.Equal(
            PtxBundle.Create(program).Kernels.Single(kernel => kernel.Method == launch.Kernel).Text,
            fresh.Compile(OfflinePtx.MethodOf(program, launch), launch.Threads, launch.ResidentBlocks).Text);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void Kernels_are_as_they_were_reviewed(int bits)
    {
        // An image, a convolution, and one with a residual and two results.
        DeviceProgram program = Program(seed: 3, bits);
        Snapshot.Match([.. OfflinePtx.Compile(program).Where(kernel => kernel.Method.StartsWith("Conv3x3", StringComparison.Ordinal)).Select(kernel => new SnapshotFile(kernel.Method + ".ptx", kernel.Text))], $"bits={bits}");
    }

    private static DeviceProgram Program(int seed, int bits = 8)
    {
        Activation range = bits == 4 ? Activation.U4 : Activation.U7;
        var b = new NetworkBuilder("bundle", seed).Input(8, 8, 3, pixels: true);
        string stem = b.Conv(b.InputName, 32, 3, activation: Activation.Residual);
        (string residual, _) = b.BasicBlock(stem, b.Requantize(stem, range), 32, weightBits: bits, activation: range);
        b.Gemm(b.GlobalAveragePool(residual), 10);
        (Network network, NetworkWeights weights) = b.Build();
        return new GeneratedGpu(network, weights).Program(KernelKind.Cuda);
    }
}
