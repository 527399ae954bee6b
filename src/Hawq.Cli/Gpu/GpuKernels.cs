using Hawq.Compilation;
using Hawq.Gpu;
using Hawq.Model;
using Hawq.Planning;
using ILGPU;

namespace Hawq.Cli.Gpu;

/// <summary>The launches of a network on a T4 and the PTX of their kernels, made without a device.</summary>
/// <param name="Program">Buffers and launches.</param>
/// <param name="Ptx">Every distinct kernel.</param>
internal sealed record GpuKernels(DeviceProgram Program, PtxBundle Ptx)
{
    /// <summary>Plans, generates and compiles.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuUnsupported"/>: the network has no GPU kernels.</exception>
    public static GpuKernels Compile(Network network, NetworkWeights weights)
    {
        string[] references = [typeof(GpuOptions).Assembly.Location, typeof(HawqException).Assembly.Location, typeof(Context).Assembly.Location];
        Type type = GpuKernelCompiler.Compile(Planner.Plan(network), weights, references, out _);
        DeviceProgram program = (DeviceProgram)type.GetMethod("CreateProgram")!.Invoke(null, [KernelKind.Cuda])!;
        return new GpuKernels(program, PtxBundle.Create(program));
    }

    /// <summary>The PTX of a launch.</summary>
    public KernelPtx Of(DeviceLaunch launch) => Ptx.Kernels.First(kernel => kernel.Method == launch.Kernel);
}
