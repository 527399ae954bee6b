using System.Reflection;
using System.Runtime.Loader;
using Hawq.CodeGen.Emit.Gpu;
using Hawq.Planning.Gpu;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hawq.Gpu.Tests;

/// <summary>The emitted kernels of a plan, compiled.</summary>
internal sealed class KernelAssembly
{
    private const string ClassName = "Kernels";
    private readonly Type _type;

    public KernelAssembly(GpuPlan plan)
    {
        Source = GpuEmitter.Emit(plan, string.Empty, ClassName);
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "GpuKernels",
            [CSharpSyntaxTree.ParseText(Source.Text)],
            trusted.Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true,
                generalDiagnosticOption: ReportDiagnostic.Error));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        if (!result.Success)
        {
            throw new InvalidOperationException(string.Join('\n', result.Diagnostics) + "\n" + Source.Text);
        }

        _type = new AssemblyLoadContext("kernels").LoadFromStream(new MemoryStream(image.ToArray())).GetType(ClassName)!;
    }

    public GpuSource Source { get; }

    public MethodInfo this[string kernel] => _type.GetMethod(kernel, BindingFlags.Static | BindingFlags.NonPublic)!;
}
