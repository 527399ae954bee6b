using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>
/// Compiles ILGPU kernels to PTX for a T4 (sm_75) without a device or driver. O2 is mandatory: at ILGPU's default, accumulators of
/// inline PTX stay in local memory and accesses use generic addresses.
/// </summary>
internal static class OfflinePtx
{
    public static string Compile(MethodInfo kernel, int threadsPerBlock)
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        using var backend = new PTXBackend(
            context, new CudaCapabilityContext(CudaArchitecture.SM_75), CudaArchitecture.SM_75, CudaInstructionSet.ISA_65, null);
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel);
        CompiledKernel compiled = backend.Compile(entry, new KernelSpecialization(threadsPerBlock, 1));
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }

    /// <summary>Compiles a static method of <paramref name="type"/>.</summary>
    public static string Compile(Type type, string method, int threadsPerBlock) =>
        Compile(type.GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!, threadsPerBlock);
}
