using Hawq.Model;
using ILGPU;
using ILGPU.Runtime;
using View = ILGPU.ArrayView<int>;

namespace Hawq.Gpu.Devices;

/// <summary>The plain kernels on any ILGPU device, through ILGPU's typed launchers.</summary>
internal sealed class PortableProgram : LoadedProgram
{
    /// <summary>The most views that a launcher below takes.</summary>
    private const int MaxViews = 8;

    private readonly Dictionary<string, Delegate> _launchers = [];

    public PortableProgram(DeviceProgram program, Context context, Accelerator accelerator)
        : base(program, context, accelerator)
    {
        for (int i = 0; i < program.Launches.Count; i++)
        {
            DeviceLaunch launch = program.Launches[i];
            if (!_launchers.ContainsKey(launch.Kernel))
            {
                _launchers.Add(launch.Kernel, Launcher(accelerator.LoadKernel(OfflinePtx.MethodOf(program, launch)), launch.Buffers.Count + Constants[i].Length));
            }
        }
    }

    public override LaunchList Bind(AcceleratorStream stream, MemoryBuffer1D<int, Stride1D.Dense>[] buffers) =>
        new Launches([.. Program.Launches.Select((launch, i) => (launch, _launchers[launch.Kernel], Views(i, buffers)))], stream);

    private static Delegate Launcher(Kernel kernel, int views) => views switch
    {
        2 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View>>(),
        3 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View>>(),
        4 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View, View>>(),
        5 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View>>(),
        6 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View>>(),
        7 => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View, View>>(),
        MaxViews => kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View, View, View>>(),
        _ => throw new HawqException(HawqIds.PlanUnsupported, $"A kernel has {views} buffers; portable kernels take up to {MaxViews}."),
    };

    private sealed class Launches((DeviceLaunch Launch, Delegate Launcher, View[] Views)[] launches, AcceleratorStream stream) : LaunchList
    {
        public override void Run(int images)
        {
            foreach ((DeviceLaunch launch, Delegate launcher, View[] v) in launches)
            {
                KernelConfig config = new(new Index3D(launch.BlockColumns(images), launch.BlockRows, 1), new Index3D(launch.Threads, 1, 1));
                int n = images * launch.Pixels;
                switch (v.Length)
                {
                    case 2: ((Action<AcceleratorStream, KernelConfig, int, View, View>)launcher)(stream, config, n, v[0], v[1]); break;
                    case 3: ((Action<AcceleratorStream, KernelConfig, int, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2]); break;
                    case 4: ((Action<AcceleratorStream, KernelConfig, int, View, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2], v[3]); break;
                    case 5: ((Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2], v[3], v[4]); break;
                    case 6: ((Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2], v[3], v[4], v[5]); break;
                    case 7: ((Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2], v[3], v[4], v[5], v[6]); break;
                    default: ((Action<AcceleratorStream, KernelConfig, int, View, View, View, View, View, View, View, View>)launcher)(stream, config, n, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]); break;
                }
            }
        }
    }
}
