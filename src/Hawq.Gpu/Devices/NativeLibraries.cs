using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace Hawq.Gpu.Devices;

/// <summary>
/// Where ILGPU finds the libraries of the drivers on Linux. It asks for libcuda.so and libOpenCL.so, which only development packages (and not every container) have:
/// what comes with the driver is libcuda.so.1, and libOpenCL.so.1 with the OpenCL loader.
/// </summary>
internal static class NativeLibraries
{
    private static readonly Lock s_lock = new();
    private static bool s_done;

    /// <summary>Call before ILGPU's first context.</summary>
    public static void Resolve()
    {
        lock (s_lock)
        {
            if (s_done || !OperatingSystem.IsLinux())
            {
                return;
            }

            s_done = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Load);
            }
            catch (InvalidOperationException)
            {
                // The application has a resolver of its own for ILGPU, which is then the one that decides.
            }
        }
    }

    private static nint Load(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string? versioned = name switch { "cuda" => "libcuda.so.1", "OpenCL" or "opencl" => "libOpenCL.so.1", _ => null };
        return versioned is not null && NativeLibrary.TryLoad(versioned, out nint library) ? library : 0; // 0: the runtime looks further, under the plain name
    }
}
