using System.Reflection;
using System.Runtime.InteropServices;
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
    private static readonly Lock s_resolving = new();
    private static bool s_resolved;

    /// <summary>Loads the program on the best device; null for the CPU network.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuDevice"/>: there is none, and no fallback was asked for.</exception>
    public static LoadedProgram? Load(Func<KernelKind, DeviceProgram> programs, GpuOptions options)
    {
        if (LoadCuda(programs, options, out string found) is { } cuda)
        {
            return cuda;
        }

        return options.Fallback switch
        {
            GpuFallback.CpuNetwork => null,
            GpuFallback.PortableKernels => LoadOpenCl(programs) ?? LoadCpuAccelerator(programs),
            _ => throw new HawqException(
                HawqIds.GpuDevice,
                $"{found} Install the NVIDIA driver, or set GpuOptions.Fallback to CpuNetwork (equal results on the processor) or PortableKernels (OpenCL)."),
        };
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
        ResolveOpenCl();
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

    private static CudaProgram? LoadCuda(Func<KernelKind, DeviceProgram> programs, GpuOptions options, out string found)
    {
        Context context = Optimized(builder => builder.Cuda());
        IReadOnlyList<CudaDevice> all = [.. context.GetCudaDevices()];
        IReadOnlyList<CudaDevice> able = [.. all.Where(device => device.Architecture >= CudaArchitecture.SM_75)];
        if (options.Device >= 0 && options.Device < able.Count)
        {
            found = able[options.Device].Name;
            return new CudaProgram(programs(KernelKind.Cuda), context, able[options.Device].CreateCudaAccelerator(context));
        }

        found = all.Count == 0 ? "No CUDA device was found."
            : able.Count == 0 ? $"Integer tensor cores need compute capability 7.5 (T4); {all[0].Name} has {all[0].Architecture}."
            : $"GpuOptions.Device is {options.Device}, and there are {able.Count} CUDA devices that will do.";
        context.Dispose();
        return null;
    }

    private static Context Optimized(Action<Context.Builder> devices) => Context.Create(builder =>
    {
        builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
        devices(builder);
    });

    /// <summary>ILGPU looks for libOpenCL.so, which only development packages have: the run-time package has libOpenCL.so.1.</summary>
    private static void ResolveOpenCl()
    {
        lock (s_resolving)
        {
            if (!s_resolved && OperatingSystem.IsLinux())
            {
                NativeLibrary.SetDllImportResolver(
                    typeof(Context).Assembly, (name, _, _) => name == "OpenCL" && (NativeLibrary.TryLoad("libOpenCL.so.1", out nint library) || NativeLibrary.TryLoad("libOpenCL.so", out library)) ? library : 0);
                s_resolved = true;
            }
        }
    }
}
