using System.Runtime.InteropServices;
using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;

namespace Hawq.Gpu.Tests;

/// <summary>Runs the PTX of a generated GPU class in the interpreter and reads every tensor back.</summary>
internal sealed class EmulatedNetwork
{
    private readonly GeneratedGpu _gpu;
    private readonly DeviceProgram _program;
    private readonly Dictionary<string, PtxKernel> _kernels = [];

    public EmulatedNetwork(Network network, NetworkWeights weights)
    {
        _gpu = new GeneratedGpu(network, weights);
        _program = _gpu.Program(KernelKind.Cuda);
    }

    /// <summary>Changes the PTX text of every kernel before it is parsed: to plant faults.</summary>
    public Func<string, string> Mutate { get; init; } = text => text;

    /// <summary>The parsed kernels, by name, after a run.</summary>
    public IReadOnlyDictionary<string, PtxKernel> Kernels => _kernels;

    public DeviceProgram Program => _program;

    /// <summary>Codes of every tensor (NHWC, images one after the other) by name.</summary>
    /// <param name="inputs">What the caller would pass, as bytes, of each image.</param>
    public Dictionary<string, int[]> Run(params byte[][] inputs)
    {
        if (_kernels.Count == 0)
        {
            foreach (KernelPtx kernel in OfflinePtx.Compile(_program))
            {
                _kernels.Add(kernel.Method, PtxParser.Parse(Mutate(kernel.Text)));
            }
        }

        var memory = new GlobalMemory();
        int batch = inputs.Length;
        PtxBuffer[] buffers = [.. _program.Buffers.Select(buffer => memory.Reserve<int>((int)buffer.Words(batch)))];
        byte[] input = [.. inputs.SelectMany(image => image), 0, 0, 0];
        buffers[0] = memory.Upload<int>(MemoryMarshal.Cast<byte, int>(input.AsSpan(0, input.Length / 4 * 4)));
        foreach (DeviceLaunch launch in _program.Launches)
        {
            object[] arguments =
            [
                batch * launch.Pixels, buffers[launch.Buffers[0]], .. _gpu.Constants(_program, launch).Select(words => (object)memory.Upload<int>(words)),
                .. launch.Buffers.Skip(1).Select(index => (object)buffers[index]),
            ];
            new PtxMachine(_kernels[launch.Kernel], memory).Launch((launch.BlockColumns(batch), launch.BlockRows, 1), launch.Threads, arguments);
        }

        Dictionary<string, int[]> codes = [];
        for (int i = 1; i < buffers.Length; i++)
        {
            DeviceBuffer buffer = _program.Buffers[i];
            int length = buffer.Pixels * buffer.Channels;
            int[] all = new int[batch * length];
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(memory.Download<int>(buffers[i]).AsSpan());
            for (int image = 0; image < batch; image++)
            {
                buffer.Read(bytes, image, all.AsSpan(image * length, length));
            }

            codes.Add(buffer.Name, all);
        }

        return codes;
    }
}
