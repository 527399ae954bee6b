using ILGPU;
using ILGPU.Runtime;

namespace Hawq.Gpu.Devices;

/// <summary>A program on a device: kernels compiled, weights and tables in device memory. Shared by all sessions.</summary>
internal abstract class LoadedProgram : IDisposable
{
    private readonly Context _context;

    protected LoadedProgram(DeviceProgram program, Context context, Accelerator accelerator)
    {
        Program = program;
        _context = context;
        Accelerator = accelerator;
        Constants = LoadConstants(program, accelerator);
    }

    public DeviceProgram Program { get; }

    public Accelerator Accelerator { get; }

    public string Name => Accelerator.Name;

    /// <summary>Per launch: the buffers that stand between the first buffer and the others.</summary>
    protected IReadOnlyList<MemoryBuffer1D<int, Stride1D.Dense>[]> Constants { get; }

    /// <summary>The launches over the buffers of one session, ready to run without an allocation.</summary>
    public abstract LaunchList Bind(AcceleratorStream stream, MemoryBuffer1D<int, Stride1D.Dense>[] buffers);

    public virtual void Dispose()
    {
        foreach (MemoryBuffer1D<int, Stride1D.Dense> buffer in Constants.SelectMany(buffers => buffers))
        {
            buffer.Dispose();
        }

        Accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>The views of a launch, in the order of the kernel's parameters.</summary>
    protected ArrayView<int>[] Views(int launch, MemoryBuffer1D<int, Stride1D.Dense>[] buffers)
    {
        IReadOnlyList<int> own = Program.Launches[launch].Buffers;
        return
        [
            buffers[own[0]].AsArrayView<int>(0, buffers[own[0]].Length),
            .. Constants[launch].Select(constant => constant.AsArrayView<int>(0, constant.Length)),
            .. own.Skip(1).Select(index => buffers[index].AsArrayView<int>(0, buffers[index].Length)),
        ];
    }

    private static List<MemoryBuffer1D<int, Stride1D.Dense>[]> LoadConstants(DeviceProgram program, Accelerator accelerator)
    {
        byte[] sidecar = Sidecar(program);
        List<MemoryBuffer1D<int, Stride1D.Dense>[]> constants = [];
        foreach (DeviceLaunch launch in program.Launches)
        {
            constants.Add([.. ConstantsOf(program, launch, sidecar).Select(words => accelerator.Allocate1D(words))]);
        }

        return constants;
    }

    /// <summary>What stands between a launch's first buffer and the others: weights and table, or constant words.</summary>
    internal static IEnumerable<int[]> ConstantsOf(DeviceProgram program, DeviceLaunch launch, ReadOnlySpan<byte> sidecar)
    {
        List<int[]> constants = [];
        foreach ((int linear, WeightLayout? layout) in new[] { (launch.Linear, launch.Layout), (launch.ShortcutLinear, launch.ShortcutLayout) })
        {
            if (linear >= 0)
            {
                LinearConstants layer = program.Linears[linear];
                sbyte[] weights = layer.Unpack(sidecar);
                constants.Add(layout!.Pack(layer, weights));
                constants.Add(layout.Table(layer, weights));
            }
        }

        if (launch.Data.Count > 0)
        {
            constants.Add([.. launch.Data]);
        }

        return constants;
    }

    private static byte[] Sidecar(DeviceProgram program)
    {
        using Stream? stream = program.Kernels.Assembly.GetManifestResourceStream(program.WeightsResource);
        if (stream?.Length != program.WeightsLength)
        {
            throw new InvalidOperationException($"The embedded resource '{program.WeightsResource}' is missing or is not {program.WeightsLength} bytes long.");
        }

        byte[] sidecar = new byte[program.WeightsLength];
        stream.ReadExactly(sidecar);
        return sidecar;
    }
}

/// <summary>The launches of a session.</summary>
internal abstract class LaunchList : IDisposable
{
    /// <summary>Enqueues all of them for a number of images; does not wait.</summary>
    public abstract void Run(int images);

    public virtual void Dispose()
    {
    }
}
