using ILGPU;
using ILGPU.Runtime.OpenCL;
using Hawq.Gpu.Devices;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>A test that needs an OpenCL device, for example the processor through PoCL; skipped with a message without one.</summary>
public sealed class OpenClFactAttribute : FactAttribute
{
    internal const string Message = "There is no OpenCL device. PoCL makes the processor one: apt-get install pocl-opencl-icd ocl-icd-libopencl1";

    /// <summary>Marks the test.</summary>
    public OpenClFactAttribute() => Skip = OpenCl.IsPresent ? null! : Message;
}

/// <summary>The same for a theory.</summary>
public sealed class OpenClTheoryAttribute : TheoryAttribute
{
    /// <summary>Marks the test.</summary>
    public OpenClTheoryAttribute() => Skip = OpenCl.IsPresent ? null! : OpenClFactAttribute.Message;
}

internal static class OpenCl
{
    /// <summary>Whether there is an OpenCL device.</summary>
    public static bool IsPresent { get; } = Find();

    private static bool Find()
    {
        NativeLibraries.Resolve();
        using Context context = Context.Create(builder => builder.OpenCL(_ => true));
        return context.GetCLDevices().Count > 0;
    }
}
