using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;

namespace Hawq.Gpu.Tests;

/// <summary>Runs the PTX of a generated GPU class in the interpreter: the whole network, or one launch.</summary>
internal sealed class EmulatedNetwork
{
    private readonly GeneratedGpu _gpu;
    private readonly OfflinePtx _compiler = new();
    private readonly Dictionary<string, PtxKernel> _kernels = [];

    public EmulatedNetwork(Network network, NetworkWeights weights)
    {
        _gpu = new GeneratedGpu(network, weights);
        Program = _gpu.Program(KernelKind.Cuda);
    }

    /// <summary>Changes the PTX text of every kernel before it is parsed: to plant faults.</summary>
    public Func<string, string> Mutate { get; init; } = text => text;

    /// <summary>The kernels that have run, by name.</summary>
    public IReadOnlyDictionary<string, PtxKernel> Kernels => _kernels;

    public DeviceProgram Program { get; }

    /// <summary>Codes of every tensor (NHWC, images one after the other) by name.</summary>
    /// <param name="inputs">What the caller would pass, as bytes, of each image.</param>
    public Dictionary<string, int[]> Run(params byte[][] inputs)
    {
        GlobalMemory memory = new();
        PtxBuffer[] buffers = [.. Program.Buffers.Select(buffer => memory.Reserve<int>((int)buffer.Words(inputs.Length)))];
        buffers[0] = memory.Upload<int>(DeviceCodes.Inputs(inputs));
        foreach (DeviceLaunch launch in Program.Launches)
        {
            Launch(launch, memory, inputs.Length, index => buffers[index]);
        }

        return DeviceCodes.ReadAll(Program, inputs.Length, i => memory.Download<int>(buffers[i]));
    }

    /// <summary>One launch on one image, over given inputs: the codes of every tensor that it writes.</summary>
    /// <param name="launch">The launch; not the one that takes the caller's input.</param>
    /// <param name="tensors">Codes of the tensors that it reads.</param>
    public Dictionary<string, int[]> Run(DeviceLaunch launch, IReadOnlyDictionary<string, int[]> tensors)
    {
        GlobalMemory memory = new();
        Dictionary<int, PtxBuffer> buffers = launch.Buffers.Distinct().ToDictionary(
            index => index, index => memory.Upload<int>(DeviceCodes.Write(Program.Buffers[index], 1, Reads(launch, index) ? tensors[Program.Buffers[index].Name] : [])));
        Launch(launch, memory, 1, index => buffers[index]);
        return buffers.Where(pair => !Reads(launch, pair.Key)).ToDictionary(
            pair => Program.Buffers[pair.Key].Name, pair => DeviceCodes.Read(Program.Buffers[pair.Key], 1, memory.Download<int>(pair.Value)));
    }

    // Every tensor has one writer: what an earlier launch writes, this one reads.
    private bool Reads(DeviceLaunch launch, int buffer) =>
        Program.Launches.TakeWhile(earlier => earlier != launch).Any(earlier => earlier.Buffers.Contains(buffer));

    private void Launch(DeviceLaunch launch, GlobalMemory memory, int batch, Func<int, PtxBuffer> buffer)
    {
        object[] arguments =
        [
            batch * launch.Pixels, buffer(launch.Buffers[0]), .. _gpu.Constants(Program, launch).Select(words => (object)memory.Upload<int>(words)),
            .. launch.Buffers.Skip(1).Select(index => (object)buffer(index)),
        ];
        new PtxMachine(Kernel(launch), memory).Launch((launch.BlockColumns(batch), launch.BlockRows, 1), launch.Threads, arguments);
    }

    private PtxKernel Kernel(DeviceLaunch launch)
    {
        if (!_kernels.TryGetValue(launch.Kernel, out PtxKernel? kernel))
        {
            kernel = PtxLoader.Load(Mutate(_compiler.Compile(OfflinePtx.MethodOf(Program, launch), launch.Threads).Text));
            _kernels.Add(launch.Kernel, kernel);
        }

        return kernel;
    }
}
