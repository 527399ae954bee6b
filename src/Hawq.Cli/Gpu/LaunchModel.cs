using Hawq.Compilation.Ptx;
using Hawq.Gpu;

namespace Hawq.Cli.Gpu;

/// <summary>The modelled time of one launch on a T4.</summary>
/// <param name="Layers">The layers that it computes.</param>
/// <param name="Kernel">Kernel.</param>
/// <param name="Blocks">Blocks of threads.</param>
/// <param name="Resident">Blocks that a multiprocessor holds at once.</param>
/// <param name="Microseconds">Modelled time: launch, and the longest of the times below.</param>
/// <param name="Bound">What bounds it: launch, tensor, integer, multiply, issue, shared, latency, l2 or dram.</param>
/// <param name="Compute">Microseconds of the busiest multiprocessor, by whatever bounds it there.</param>
/// <param name="Tensor">Microseconds of the tensor cores of the busiest multiprocessor.</param>
/// <param name="L2">Microseconds of L2.</param>
/// <param name="Dram">Microseconds of device memory.</param>
/// <param name="Block">What a block does.</param>
internal sealed record LaunchTime(
    string Layers, string Kernel, int Blocks, int Resident, double Microseconds, string Bound, double Compute, double Tensor, double L2, double Dram, BlockWork Block)
{
    /// <summary>The layers with weights that it computes, and each one's part of the time.</summary>
    public IReadOnlyDictionary<string, double> Shares { get; init; } = new Dictionary<string, double>();
}

/// <summary>What one block does, from its PTX.</summary>
/// <param name="Mma">Tensor-core instructions.</param>
/// <param name="Dp4a">dp4a instructions.</param>
/// <param name="Issued">All warp instructions, as machine instructions.</param>
/// <param name="SharedBytes">Bytes through shared memory and L1.</param>
/// <param name="L2Bytes">Bytes through L2.</param>
/// <param name="Latency">Cycles of its slowest warp, were it alone.</param>
internal sealed record BlockWork(long Mma, long Dp4a, long Issued, long SharedBytes, long L2Bytes, long Latency);

/// <summary>
/// How long a launch takes on a T4: a model, not a measurement. The multiprocessor with the most blocks works them off in groups as large as it holds; a group takes as
/// long as its busiest pipe, or as one block alone where that is longer. Beside it L2 and device memory move the launch's bytes; the longest of the three counts.
/// It is optimistic in that the pipes overlap perfectly, and pessimistic in that nothing stays in L2 from one launch to the next.
/// </summary>
internal static class LaunchModel
{
    /// <summary>The time of a launch.</summary>
    /// <param name="kernels">The network.</param>
    /// <param name="launch">One of its launches.</param>
    /// <param name="batch">Images.</param>
    /// <param name="clockGhz">Clock of the multiprocessors.</param>
    public static LaunchTime Of(GpuKernels kernels, DeviceLaunch launch, int batch, double clockGhz = T4.ClockGhz)
    {
        PtxModule kernel = PtxModule.Parse(kernels.Of(launch).Text);
        int resident = Resident(launch, kernel.SharedBytes);
        (int columns, int rows) = (launch.BlockColumns(batch), launch.BlockRows);
        BlockCounts block = WarpTrace.Block(kernel, Parameters(kernel, batch * launch.Pixels), (columns / 2, 0), launch.Threads, T4.L1Bytes / resident);
        long bytes = CompulsoryBytes(kernels.Program, launch, batch);
        return Time(launch, columns * rows, resident, block, Math.Min(bytes, columns * rows * block.L2Bytes), clockGhz);
    }

    /// <summary>The layers with weights that a launch computes, and each one's part of it: of two, its part of the reduction.</summary>
    public static IReadOnlyDictionary<string, double> Shares(DeviceProgram program, DeviceLaunch launch)
    {
        (LinearConstants Layer, WeightLayout Layout)[] layers = [.. WeightLayers(program, launch)];
        return layers.ToDictionary(layer => layer.Layer.Name, layer => layers.Length == 1 ? 1 : layer.Layout.Units / (double)layers.Sum(other => other.Layout.Units));
    }

    /// <summary>The time from the counts.</summary>
    /// <param name="launch">What is launched.</param>
    /// <param name="blocks">Blocks of the launch.</param>
    /// <param name="resident">Blocks that a multiprocessor holds.</param>
    /// <param name="block">What a block does.</param>
    /// <param name="dramBytes">Bytes from and to device memory.</param>
    /// <param name="clockGhz">Clock of the multiprocessors; L2 and device memory keep theirs.</param>
    internal static LaunchTime Time(DeviceLaunch launch, int blocks, int resident, BlockCounts block, long dramBytes, double clockGhz = T4.ClockGhz)
    {
        int left = (blocks + T4.Multiprocessors - 1) / T4.Multiprocessors;
        int most = left;
        Dictionary<string, double> cycles = [];
        double compute = 0;
        while (left > 0)
        {
            int group = Math.Min(left, resident);
            (string Name, double Cycles)[] pipes =
            [
                ("tensor", (double)group * block.Mma * T4.MmaCycles / T4.Schedulers),
                ("integer", (double)group * block.IntegerCycles / T4.Schedulers),
                ("multiply", (double)group * block.MultiplyCycles / T4.Schedulers),
                ("issue", (double)group * block.Issued / T4.Schedulers),
                ("shared", (double)group * block.SharedBytes / T4.SharedBytesPerCycle),
                ("latency", block.Latency),
            ];
            (string name, double longest) = pipes.MaxBy(pipe => pipe.Cycles);
            cycles[name] = cycles.GetValueOrDefault(name) + longest;
            compute += longest;
            left -= group;
        }

        (string Name, double Microseconds)[] bounds =
        [
            (cycles.MaxBy(pair => pair.Value).Key, compute / clockGhz / 1000),
            ("l2", blocks * (double)block.L2Bytes / T4.L2GigabytesPerSecond / 1000),
            ("dram", dramBytes / T4.DramGigabytesPerSecond / 1000),
        ];
        (string bound, double work) = bounds.MaxBy(candidate => candidate.Microseconds);
        double start = T4.LaunchNanoseconds / 1000;
        return new LaunchTime(
            launch.Layers, launch.Kernel, blocks, resident, start + work, work < start ? "launch" : bound, bounds[0].Microseconds,
            (double)most * block.Mma * T4.MmaCycles / T4.Schedulers / clockGhz / 1000, bounds[1].Microseconds, bounds[2].Microseconds,
            new BlockWork(block.Mma, block.Dp4a, block.Issued, block.SharedBytes, block.L2Bytes, block.Latency));
    }

    /// <summary>Blocks that fit into a multiprocessor; registers are left for as many as the kernel is compiled for.</summary>
    internal static int Resident(DeviceLaunch launch, int sharedBytes)
    {
        int byThreads = Math.Min(T4.MaxBlocks, T4.MaxThreads / launch.Threads);
        int byShared = sharedBytes == 0 ? byThreads : T4.SharedBytes / sharedBytes;
        return Math.Max(1, Math.Min(Math.Min(byThreads, byShared), launch.ResidentBlocks));
    }

    /// <summary>
    /// Every tensor once, weights and tables once. A tensor larger than L2 that blocks of several rows read comes again for every row, because a row of blocks runs after the other.
    /// </summary>
    internal static long CompulsoryBytes(DeviceProgram program, DeviceLaunch launch, int batch)
    {
        long bytes = launch.Data.Count * 4L;
        for (int i = 0; i < launch.Buffers.Count; i++)
        {
            long buffer = program.Buffers[launch.Buffers[i]].Bytes * batch;
            bytes += i == 0 && buffer > T4.L2Bytes ? buffer * launch.BlockRows : buffer;
        }

        return bytes + WeightLayers(program, launch).Sum(layer => 4L * (layer.Layout.PackedWords(layer.Layer) + (3 * layer.Layout.TableChannels(layer.Layer))));
    }

    /// <summary>The layers with weights that a launch computes.</summary>
    private static IEnumerable<(LinearConstants Layer, WeightLayout Layout)> WeightLayers(DeviceProgram program, DeviceLaunch launch)
    {
        if (launch.Linear >= 0)
        {
            yield return (program.Linears[launch.Linear], launch.Layout!);
        }

        if (launch.ShortcutLinear >= 0)
        {
            yield return (program.Linears[launch.ShortcutLinear], launch.ShortcutLayout!);
        }
    }

    /// <summary>The number of pixels, and for every view an address and a length; buffers lie far from each other.</summary>
    private static Dictionary<string, long> Parameters(PtxModule kernel, int pixels)
    {
        string[] names = [.. kernel.Parameters.OrderBy(parameter => parameter.Value.Offset).Select(parameter => parameter.Key)];
        Dictionary<string, long> values = new() { [names[0]] = pixels };
        for (int i = 1; i < names.Length; i++)
        {
            values[names[i]] = (long)i << 40;
            values[$"{names[i]}+8"] = int.MaxValue;
        }

        return values;
    }
}
