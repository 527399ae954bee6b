using System.Diagnostics;
using System.Runtime.InteropServices;
using Hawq.Testing;

namespace Hawq.Gpu.Tests.Driver;

/// <summary>
/// A CUDA driver library without a GPU (driver.c), built with the machine's C compiler. A process that shall use it is started with <see cref="Start"/>: ILGPU then runs its
/// real CUDA code, and finds a device.
/// </summary>
internal static class StubDriver
{
    private static readonly string[] s_compilers = ["cc", "gcc", "clang"];
    private static readonly Lazy<string?> s_folder = new(Build);

    /// <summary>Folder with libcuda.so.1; null where there is no C compiler, or no Linux.</summary>
    public static string? Folder => s_folder.Value;

    /// <summary>Runs a check of <see cref="HostChecks"/> in a process of its own, which finds the library.</summary>
    /// <param name="check">Which.</param>
    /// <param name="environment">More variables; see driver.c.</param>
    public static (int ExitCode, string Output) Start(string check, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("dotnet", [typeof(StubDriver).Assembly.Location, check]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LD_LIBRARY_PATH"] = Folder;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private static string? Build()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        string folder = Path.Combine(AppContext.BaseDirectory, "stub");
        Directory.CreateDirectory(folder);
        string source = Path.Combine(Checkout.Root, "tests", "Hawq.Gpu.Tests", "Driver", "driver.c");
        foreach (string compiler in s_compilers)
        {
            try
            {
                CommandResult result = DotNet.Start(compiler, folder, "-shared", "-fPIC", "-O2", "-o", "libcuda.so.1", source);
                return result.ExitCode == 0 ? folder : throw new InvalidOperationException($"{compiler} does not compile {source}:\n{result.Output}");
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is no such compiler.
            }
        }

        return null;
    }
}

/// <summary>The library's own entry points, in a process that has loaded it.</summary>
internal static partial class StubCalls
{
    /// <summary>What the library counts.</summary>
    public enum Kind
    {
        Launches,
        Copies,
        DeviceAllocations,
        HostAllocations,
        Modules,
        Streams,
        Synchronizations,
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "stub_calls")]
    public static partial long Count(Kind kind);

    [LibraryImport("libcuda.so.1", EntryPoint = "stub_on_launch")]
    public static unsafe partial void OnLaunch(delegate* unmanaged<byte*, uint*, uint, void**, void> handler);

    [LibraryImport("libcuda.so.1", EntryPoint = "stub_find")]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool Find(ulong address, out ulong start, out nuint bytes);
}
