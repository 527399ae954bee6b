using System.Runtime.InteropServices;
using Hawq.Model;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Hawq.Gpu.Devices;

/// <summary>
/// PTX, embedded (<see cref="PtxBundle"/>) or else made by <see cref="OfflinePtx"/>, loaded through the driver. ILGPU's own launchers would compile the kernels for the device at hand; this way the driver gets the
/// very text that is tested without a device, and a launch is one call with arguments prepared beforehand.
/// </summary>
internal sealed class CudaProgram : LoadedProgram
{
    private readonly Dictionary<string, (nint Module, nint Function)> _kernels = [];

    public CudaProgram(DeviceProgram program, Context context, CudaAccelerator accelerator)
        : base(program, context, accelerator)
    {
        accelerator.Bind();
        foreach (KernelPtx kernel in PtxBundle.Find(program)?.Kernels ?? OfflinePtx.Compile(program))
        {
            CudaError error = CudaAPI.CurrentAPI.LoadModule(out nint module, kernel.Text, out string? log);
            if (error != CudaError.CUDA_SUCCESS)
            {
                throw new HawqException(HawqIds.GpuDevice, $"The driver of {accelerator.Name} refuses the kernel {kernel.Method}: {error}. {log}");
            }

            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.GetModuleFunction(out nint function, module, kernel.Entry));
            _kernels.Add(kernel.Method, (module, function));
        }
    }

    public override LaunchList Bind(AcceleratorStream stream, MemoryBuffer1D<int, Stride1D.Dense>[] buffers) =>
        new Launches([.. Program.Launches.Select((launch, i) => (launch, _kernels[launch.Kernel].Function, Views(i, buffers)))], ((CudaStream)stream).StreamPtr);

    public override void Dispose()
    {
        Accelerator.Bind();
        foreach ((nint module, _) in _kernels.Values)
        {
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.DestroyModule(module));
        }

        base.Dispose();
    }

    /// <summary>
    /// Launches with their arguments in native memory: per launch the number of pixels, per view its address and its length (ILGPU passes an ArrayView as
    /// these 16 bytes), and the array of pointers to them that the driver wants.
    /// </summary>
    private sealed unsafe class Launches : LaunchList
    {
        private readonly (DeviceLaunch Launch, nint Function, nint Pixels, nint Parameters)[] _launches;
        private readonly nint _stream;
        private void* _memory;

        public Launches((DeviceLaunch Launch, nint Function, ArrayView<int>[] Views)[] launches, nint stream)
        {
            _stream = stream;
            long[] words = [.. launches.Select(launch => 1L + (2 * launch.Views.Length) + 1 + launch.Views.Length)];
            long* next = (long*)NativeMemory.AllocZeroed((nuint)(words.Sum() * sizeof(long)));
            _memory = next;
            _launches = new (DeviceLaunch, nint, nint, nint)[launches.Length];
            for (int i = 0; i < launches.Length; i++)
            {
                ArrayView<int>[] views = launches[i].Views;
                long* values = next;
                long* parameters = next + 1 + (2 * views.Length);
                parameters[0] = (long)values;
                for (int v = 0; v < views.Length; v++)
                {
                    long* view = values + 1 + (2 * v);
                    view[0] = views[v].LoadEffectiveAddressAsPtr();
                    view[1] = views[v].Length;
                    parameters[1 + v] = (long)view;
                }

                _launches[i] = (launches[i].Launch, launches[i].Function, (nint)values, (nint)parameters);
                next += words[i];
            }
        }

        public override void Run(int images)
        {
            foreach ((DeviceLaunch launch, nint function, nint pixels, nint parameters) in _launches)
            {
                *(int*)pixels = images * launch.Pixels;
                CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.LaunchKernel(
                    function, launch.BlockColumns(images), launch.BlockRows, 1, launch.Threads, 1, 1, 0, _stream, parameters, 0));
            }
        }

        public override void Dispose()
        {
            NativeMemory.Free(_memory);
            _memory = null;
        }
    }
}
