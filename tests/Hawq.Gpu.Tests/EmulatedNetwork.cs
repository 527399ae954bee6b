using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;
using Hawq.Planning.Gpu;

namespace Hawq.Gpu.Tests;

/// <summary>Runs a GPU plan's real PTX in the interpreter and reads every tensor back.</summary>
internal sealed class EmulatedNetwork
{
    private readonly GpuPlan _plan;
    private readonly NetworkWeights _weights;
    private readonly KernelAssembly _kernels;
    private readonly Dictionary<string, PtxKernel> _ptx = [];

    public EmulatedNetwork(GpuPlan plan, NetworkWeights weights)
    {
        _plan = plan;
        _weights = weights;
        _kernels = new KernelAssembly(plan);
    }

    /// <summary>Changes the PTX text of every kernel before it is parsed: to plant faults.</summary>
    public Func<string, string> Mutate { get; init; } = text => text;

    public string Text => _kernels.Source.Text;

    /// <summary>The parsed kernels that have run, by name.</summary>
    public IReadOnlyDictionary<string, PtxKernel> Kernels => _ptx;

    /// <summary>Tensor codes (NHWC, images one after the other) by name.</summary>
    /// <param name="inputs">Pixels, or signed codes as bytes, of each image.</param>
    public Dictionary<string, int[]> Run(params byte[][] inputs)
    {
        var memory = new GlobalMemory();
        int batch = inputs.Length;
        Dictionary<string, PtxBuffer> buffers = [];
        foreach (GpuTensor tensor in _plan.Tensors)
        {
            buffers.Add(tensor.Tensor.Name, memory.Reserve<int>(((tensor.Bytes * batch) + 3) / 4));
        }

        for (int i = 0; i < _plan.Steps.Length; i++)
        {
            Launch(memory, buffers, _plan.Steps[i], _kernels.Source.Kernels[i], inputs);
        }

        return _plan.Tensors.ToDictionary(t => t.Tensor.Name, t => Codes(t, batch, MemoryMarshal.AsBytes(memory.Download<int>(buffers[t.Tensor.Name]).AsSpan())));
    }

    private void Launch(GlobalMemory memory, Dictionary<string, PtxBuffer> buffers, GpuStep step, string name, byte[][] inputs)
    {
        int batch = inputs.Length;
        switch (step)
        {
            case GpuInputStep input:
                byte[] bytes = [.. inputs.SelectMany(image => image), 0, 0, 0];
                int[] words = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(0, bytes.Length / 4 * 4)).ToArray();
                int[] tables = [.. _plan.Network.Input.PixelTables.SelectMany(table => table), 0];
                int pixels = batch * input.Target.Pixels;
                Launch(memory, name, (Blocks(pixels), 1), GpuPlanner.PlainThreads, pixels, memory.Upload<int>(words), memory.Upload<int>(tables), Of(input.Target));
                break;
            case GpuConvStep conv:
                sbyte[] codes = _weights.Unpack(conv.Weights.Source);
                int outputs = batch * conv.Geometry.Output.Height * conv.Geometry.Output.Width;
                int tile = conv.Kernel.BlockPixels;
                object[] arguments =
                [
                    outputs, Of(conv.Input), memory.Upload<int>(GpuWeightLayout.Pack(conv, codes)), memory.Upload<int>(GpuWeightLayout.Table(conv, codes)),
                    .. Epilogue(conv.Epilogue),
                ];
                Launch(
                    memory, name, ((outputs + tile - 1) / tile, GpuWeightLayout.TableChannels(conv) / conv.Kernel.BlockChannels), conv.Kernel.Threads, arguments);
                break;
            case GpuElementwiseStep elementwise:
                Launch(
                    memory, name, (Blocks(batch * elementwise.Source.Pixels * elementwise.Source.Channels / 2), 1), GpuPlanner.PlainThreads,
                    [batch * elementwise.Source.Pixels, Of(elementwise.Source), .. Epilogue(elementwise.Epilogue)]);
                break;
            case GpuCopyStep copy:
                Launch(
                    memory, name, (Blocks(batch * copy.Target.Pixels), 1), GpuPlanner.PlainThreads, batch * copy.Target.Pixels, Of(copy.Source), Of(copy.Target));
                break;
            case GpuPoolStep pool:
                Launch(
                    memory, name, (Blocks(batch * pool.Source.Channels / 2), 1), GpuPlanner.PlainThreads, [batch, Of(pool.Source), .. Epilogue(pool.Epilogue)]);
                break;
        }

        PtxBuffer Of(GpuTensor tensor) => buffers[tensor.Tensor.Name];

        IEnumerable<object> Epilogue(GpuEpilogue epilogue) =>
            (epilogue.Residual is { } residual ? [residual.Operand] : Array.Empty<GpuTensor>())
            .Concat(epilogue.Stores.Select(store => store.Target)).Select(tensor => (object)Of(tensor));
    }

    private void Launch(GlobalMemory memory, string name, (int X, int Y) grid, int threads, params object[] arguments)
    {
        if (!_ptx.TryGetValue(name, out PtxKernel? kernel))
        {
            kernel = PtxParser.Parse(Mutate(OfflinePtx.Compile(_kernels[name], threads)));
            _ptx.Add(name, kernel);
        }

        new PtxMachine(kernel, memory).Launch((grid.X, grid.Y, 1), threads, arguments);
    }

    private static int Blocks(int threads) => (threads + GpuPlanner.PlainThreads - 1) / GpuPlanner.PlainThreads;

    private static int[] Codes(GpuTensor tensor, int batch, ReadOnlySpan<byte> bytes)
    {
        int channels = tensor.Tensor.Shape.Channels;
        int[] codes = new int[batch * tensor.Pixels * channels];
        for (int pixel = 0; pixel < batch * tensor.Pixels; pixel++)
        {
            for (int c = 0; c < channels; c++)
            {
                int at = (pixel * tensor.Channels) + c;
                codes[(pixel * channels) + c] = tensor.Element switch
                {
                    GpuElement.U4 => (bytes[at / 2] >> (at % 2 * 4)) & 15,
                    GpuElement.U8 => bytes[at],
                    GpuElement.S8 => (sbyte)bytes[at],
                    GpuElement.S16 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * at)..]),
                    _ => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * at)..]),
                };
            }
        }

        return codes;
    }
}
