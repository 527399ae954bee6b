using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Hawq.Gpu;

/// <summary>One kernel as PTX.</summary>
/// <param name="Method">The method that it was compiled from.</param>
/// <param name="Entry">Name of the entry function.</param>
/// <param name="Text">The module.</param>
public sealed record KernelPtx(string Method, string Entry, string Text);

/// <summary>
/// Compiles kernels to PTX for a T4 (sm_75), with neither a device nor a driver. The same text is what <see cref="GpuNetwork{T}"/> hands to the driver,
/// what <c>hawq ptx</c> writes and what the tests run in an interpreter.
/// </summary>
/// <remarks>
/// O2 is mandatory: at ILGPU's default, accumulators of inline PTX stay in local memory and accesses use generic addresses. The instruction set is pinned to
/// PTX 6.5, the oldest with 4-bit mma, so that the text does not depend on the driver.
/// </remarks>
public sealed partial class OfflinePtx : IDisposable
{
    private readonly Context _context;
    private readonly PTXBackend _backend;

    /// <summary>Prepares the compiler: about 0.1 s.</summary>
    public OfflinePtx()
    {
        _context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        _backend = new PTXBackend(
            _context, new CudaCapabilityContext(CudaArchitecture.SM_75), CudaArchitecture.SM_75, CudaInstructionSet.ISA_65, null);
    }

    /// <summary>Every distinct kernel of a program, in the order of the launches.</summary>
    /// <exception cref="ArgumentException">The program's kernels are not the ones for CUDA.</exception>
    public static IReadOnlyList<KernelPtx> Compile(DeviceProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        if (program.Kind != KernelKind.Cuda)
        {
            throw new ArgumentException("Portable kernels are compiled for the device that runs them.", nameof(program));
        }

        using OfflinePtx compiler = new();
        return [.. program.Launches.DistinctBy(launch => launch.Kernel).Select(launch => compiler.Compile(MethodOf(program, launch), launch.Threads, launch.ResidentBlocks))];
    }

    /// <summary>Compiles one explicitly grouped kernel.</summary>
    /// <param name="method">The method.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="residentBlocks">Blocks that a multiprocessor shall hold at once.</param>
    public KernelPtx Compile(MethodInfo method, int threads, int residentBlocks = 1)
    {
        ArgumentNullException.ThrowIfNull(method);
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
        PTXCompiledKernel compiled = (PTXCompiledKernel)_backend.Compile(entry, new KernelSpecialization(threads, residentBlocks));
        return new KernelPtx(method.Name, compiled.Name, Normalize(compiled.PTXAssembly));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _backend.Dispose();
        _context.Dispose();
    }

    internal static MethodInfo MethodOf(DeviceProgram program, DeviceLaunch launch) =>
        program.Kernels.GetMethod(launch.Kernel, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
        ?? throw new InvalidOperationException($"{program.Kernels} has no kernel '{launch.Kernel}'.");

    /// <summary>ILGPU puts the numbers of its nodes, which depend on what was compiled before, into names: counted from 0 the text is always the same.</summary>
    private static string Normalize(string text)
    {
        Dictionary<string, string> numbers = [];
        return NodeNumber().Replace(text.ReplaceLineEndings("\n"), match =>
        {
            if (!numbers.TryGetValue(match.Value, out string? number))
            {
                number = numbers.Count.ToString(CultureInfo.InvariantCulture);
                numbers.Add(match.Value, number);
            }

            return number;
        });
    }

    [GeneratedRegex(@"(?<=\b_\w+_)\d+\b|(?<=\bL_)\d+\b")]
    private static partial Regex NodeNumber();
}
