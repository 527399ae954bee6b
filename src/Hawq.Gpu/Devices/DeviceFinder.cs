using Hawq.Model;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Hawq.Gpu.Devices;

/// <summary>Chooses the device of a network.</summary>
internal static class DeviceFinder
{
    /// <summary>Loads the program on the best device; null for the CPU network.</summary>
    /// <param name="programs">The program of every kind of kernels.</param>
    /// <param name="options">Options.</param>
    /// <param name="missing">Receives why it is no CUDA device; null if it is one.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuDevice"/>: there is none, and no fallback was asked for.</exception>
    public static LoadedProgram? Load(Func<KernelKind, DeviceProgram> programs, GpuOptions options, out string? missing)
    {
        if (LoadCuda(programs, options, out missing) is { } cuda)
        {
            return cuda;
        }

        switch (options.Fallback)
        {
            case GpuFallback.CpuNetwork:
                return null;
            case GpuFallback.PortableKernels:
                LoadedProgram? portable = LoadOpenCl(programs);
                missing += portable is null ? " No OpenCL device was found." : "";
                return portable;
            default:
                throw new HawqException(
                    HawqIds.GpuDevice,
                    $"{missing} Install the NVIDIA driver, or set GpuOptions.Fallback to CpuNetwork (equal results on the processor) or PortableKernels (OpenCL).");
        }
    }

    /// <summary>The portable kernels on ILGPU's CPU accelerator: a thread of the operating system per GPU thread, for tests and demonstrations.</summary>
    internal static LoadedProgram LoadCpuAccelerator(Func<KernelKind, DeviceProgram> programs)
    {
        DeviceProgram program = programs(KernelKind.Portable);
        int threads = program.Launches.Max(launch => launch.Threads);
        Context context = Optimized(builder => builder.CPU(new CPUDevice(32, (threads + 31) / 32, 1)));
        return new PortableProgram(program, context, context.CreateCPUAccelerator(0));
    }

    /// <summary>The portable kernels on the first OpenCL device; null without one.</summary>
    internal static LoadedProgram? LoadOpenCl(Func<KernelKind, DeviceProgram> programs)
    {
        Context context = Optimized(builder => builder.OpenCL(_ => true));
        if (context.GetCLDevices().Count == 0)
        {
            context.Dispose();
            return null;
        }

        CLDevice device = context.GetCLDevices()[0];

        // ILGPU refuses devices without generic addresses (PoCL 3.1). At O2 the kernels, which only index views, use none.
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!.GetSetMethod(nonPublic: true)!.Invoke(device.Capabilities, [true]);
        return new PortableProgram(programs(KernelKind.Portable), context, device.CreateCLAccelerator(context));
    }

    private static CudaProgram? LoadCuda(Func<KernelKind, DeviceProgram> programs, GpuOptions options, out string? missing)
    {
        Context context = Optimized(builder => builder.Cuda());
        IReadOnlyList<CudaDevice> all = [.. context.GetCudaDevices()];
        IReadOnlyList<CudaDevice> able = [.. all.Where(device => device.Architecture >= CudaArchitecture.SM_75)];
        if (options.Device >= 0 && options.Device < able.Count)
        {
            missing = null;
            try
            {
                return new CudaProgram(programs(KernelKind.Cuda), context, able[options.Device].CreateCudaAccelerator(context));
            }
            catch
            {
                context.Dispose(); // and with it the accelerator and what was allocated
                throw;
            }
        }

        missing = all.Count == 0 ? "No CUDA device was found."
            : able.Count == 0 ? $"Integer tensor cores need compute capability 7.5 (T4); {all[0].Name} has {all[0].Architecture}."
            : $"GpuOptions.Device is {options.Device}, and there are {able.Count} CUDA devices that will do.";
        context.Dispose();
        return null;
    }

    private static Context Optimized(Action<Context.Builder> devices)
    {
        NativeLibraries.Resolve();
        return Context.Create(builder =>
        {
            builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
            devices(builder);
        });
    }
}
