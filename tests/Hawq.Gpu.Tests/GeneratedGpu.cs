using System.Reflection;
using Hawq.Compilation;
using Hawq.Gpu.Devices;
using Hawq.Model;
using Hawq.Planning;
using ILGPU;

namespace Hawq.Gpu.Tests;

/// <summary>The generated GPU class of a network, compiled.</summary>
internal sealed class GeneratedGpu
{
    private readonly Type _type;

    public GeneratedGpu(Network network, NetworkWeights weights, IReadOnlyDictionary<string, string>? resources = null)
    {
        _type = GpuKernelCompiler.Compile(
            Planner.Plan(network), weights, [typeof(GpuOptions).Assembly.Location, typeof(HawqException).Assembly.Location, typeof(Context).Assembly.Location],
            out string text, resources);
        Text = text;
        Weights = weights;
        Network = network;
    }

    public Network Network { get; }

    public NetworkWeights Weights { get; }

    public string Text { get; }

    public DeviceProgram Program(KernelKind kind) => (DeviceProgram)_type.GetMethod("CreateProgram")!.Invoke(null, [kind])!;

    /// <summary>The network on a device.</summary>
    public GpuNetwork<T> Create<T>(GpuOptions options)
        where T : unmanaged
    {
        try
        {
            return (GpuNetwork<T>)Activator.CreateInstance(_type, options)!;
        }
        catch (TargetInvocationException error) when (error.InnerException is HawqException or ArgumentException)
        {
            throw error.InnerException;
        }
    }

    /// <summary>What a launch reads besides its buffers.</summary>
    public IEnumerable<int[]> Constants(DeviceProgram program, DeviceLaunch launch) => LoadedProgram.ConstantsOf(program, launch, Weights.Sidecar);
}
