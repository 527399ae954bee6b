using System.Reflection;
using System.Runtime.Loader;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Compilation;

/// <summary>
/// Compiles the generated GPU file of a network alone, for tools that look at its kernels. The CPU network, which the file falls back to, is a stand-in.
/// </summary>
public static class GpuKernelCompiler
{
    private const string Namespace = "Hawq.Generated";

    /// <summary>The generated GPU class; its static method <c>CreateProgram</c> makes the launches.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="weights">The sidecar.</param>
    /// <param name="references">Paths of the assemblies Hawq.Gpu and ILGPU, which this one does not know.</param>
    /// <param name="text">Receives the generated text.</param>
    /// <param name="resources">Texts embedded beside the weights, by name: PTX.</param>
    /// <exception cref="HawqException">The network has no GPU kernels.</exception>
    public static Type Compile(NetworkPlan plan, NetworkWeights weights, IEnumerable<string> references, out string text, IReadOnlyDictionary<string, string>? resources = null)
    {
        string name = EmitOptions.ClassNameFor(plan.Network.Name);
        EmitOptions emit = new(Namespace, name, plan.Network.Name + ".hawq.json", "(in memory)", plan.Network.WeightsFile.File, Gpu: true);
        GeneratedFile file = Emitter.EmitGpu(plan, emit);
        text = file.Text;
        byte[] image = InMemoryCompiler.Compile([file, StandIn(plan, name)], emit, weights.Sidecar, new CompilationOptions(), references, resources);
        return new AssemblyLoadContext(name).LoadFromStream(new MemoryStream(image)).GetType($"{Namespace}.{name}Gpu", throwOnError: true)!;
    }

    private static GeneratedFile StandIn(NetworkPlan plan, string name)
    {
        string type = plan.Input.Tables.Count > 0 ? "byte" : plan.Input.Target.Tensor.Element switch
        {
            ElementType.UInt8 => "byte",
            ElementType.Int8 => "sbyte",
            ElementType.Int16 => "short",
            _ => "int",
        };
        string outputs = string.Join(", ", plan.Network.Outputs.Select((_, i) => $"System.Span<int> output{i}"));
        return new GeneratedFile("StandIn.cs", $$"""
            namespace {{Namespace}};
            internal sealed class {{name}} : System.IDisposable
            {
                public void InferBatch(System.ReadOnlySpan<{{type}}> input, {{outputs}}, int count) => throw new System.NotSupportedException();
                public void Dispose() { }
            }
            """);
    }
}
