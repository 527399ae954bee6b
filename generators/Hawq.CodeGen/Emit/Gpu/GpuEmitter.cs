using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Prints <c>Name.Gpu.g.cs</c>: the public class over Hawq.Gpu, and in it a class of kernels for tensor cores and one of plain kernels, each with the launches
/// of the network; one static, explicitly grouped ILGPU method per distinct kernel.
/// </summary>
internal static class GpuEmitter
{
    /// <summary>Namespaces that the file uses.</summary>
    public static IReadOnlyList<string> Namespaces { get; } = ["ILGPU", "ILGPU.Runtime", "ILGPU.Runtime.Cuda"];

    /// <summary>Prints the file.</summary>
    public static void Write(SourceWriter w, NetworkPlan plan, EmitOptions options)
    {
        GpuPlan cuda = GpuPlanner.Plan(plan, GpuTarget.Cuda);
        GpuPlan portable = GpuPlanner.Plan(plan, GpuTarget.Portable);
        List<string> layers = [.. portable.Steps.OfType<GpuConvStep>().Select(step => step.Name)];
        GpuApiWriter.Write(w, plan, portable, cuda.Steps.Count, options, () =>
        {
            WriteKernels(w, cuda, layers, options, "Cuda", "Kernels with inline PTX for NVIDIA sm_75 (T4) and later.");
            w.Blank();
            WriteKernels(w, portable, layers, options, "Portable", "Plain kernels for OpenCL devices and ILGPU's CPU accelerator.");
        });
    }

    internal static string Describe(GpuConvStep step)
    {
        ConvGeometry g = step.Geometry;
        return $"{Layers(step)}: {g.Kernel} convolution, stride {g.Stride}, pad {g.Padding}, {g.Input} {step.Input.Tensor.TypeName} to {g.Output}, weights s{step.Weights.Source.Bits}.";
    }

    internal static string Layers(GpuStep step) => KernelLibrary.Escape(step.Layers.Length == 0 ? step.Name : string.Join(" + ", step.Layers));

    /// <summary>Opens a kernel. ILGPU knows no checked arithmetic, which a project may have made the default.</summary>
    internal static IDisposable Kernel(SourceWriter w, string header) => new KernelBlock(w.Block(header), w.Block("unchecked"));

    internal static void Return(SourceWriter w, string condition)
    {
        using (w.Block($"if ({condition})"))
        {
            w.Line("return;");
        }

        w.Blank();
    }

    private static void WriteKernels(SourceWriter w, GpuPlan plan, List<string> layers, EmitOptions options, string className, string summary)
    {
        List<string> methods = [];
        Dictionary<string, string> names = [];
        HashSet<string> used = [];
        List<string> kernels = [];
        foreach (GpuStep step in plan.Steps)
        {
            // Layers whose methods would be equal but for the layer's name in the summary share one.
            SourceWriter shape = new();
            Write(shape, step, "Kernel");
            string body = shape.ToString();
            string key = body.Substring(body.IndexOf("internal static void", StringComparison.Ordinal));
            if (!names.TryGetValue(key, out string? name))
            {
                name = Unique(Name(step), used);
                names.Add(key, name);
                SourceWriter method = new();
                Write(method, step, name);
                methods.Add(method.ToString());
            }

            kernels.Add(name);
        }

        w.Line($"/// <summary>{summary} Integers only; every view is a buffer of 32-bit words.</summary>");
        using (w.Block($"internal static class {className}"))
        {
            GpuProgramWriter.Write(w, plan, kernels, CodeText.Sha256(string.Concat(methods)), layers, options);
            if (plan.Target == GpuTarget.Cuda)
            {
                w.Blank();
                w.Line("/// <summary>16 bytes: one 128-bit load.</summary>");
                using (w.Block("internal struct Word4"))
                {
                    w.Line("public int X, Y, Z, W;");
                }

                w.Blank();
                w.Line("/// <summary>8 bytes.</summary>");
                using (w.Block("internal struct Word2"))
                {
                    w.Line("public int X, Y;");
                }
            }

            foreach (string method in methods)
            {
                w.Blank();
                w.Line(method.TrimEnd('\n'));
            }

            w.Blank();
            w.Line("/// <summary>(value * multiplier + 2^(shift-1)) >> shift: round half up.</summary>");
            w.Line("[global::System.Runtime.CompilerServices.MethodImpl(global::System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]");
            w.Line("private static int Requantize(int value, int multiplier, int shift) =>");
            w.Line("    unchecked((int)((((long)value * multiplier) + (1L << (shift - 1))) >> shift));");
        }
    }

    private static void Write(SourceWriter w, GpuStep step, string name)
    {
        switch (step)
        {
            case GpuInputStep input: GpuSimpleKernels.WriteInput(w, input, name); break;
            case GpuElementwiseStep elementwise: GpuSimpleKernels.WriteElementwise(w, elementwise, name); break;
            case GpuMulStep mul: GpuSimpleKernels.WriteMul(w, mul, name); break;
            case GpuSubStep sub: GpuSimpleKernels.WriteSub(w, sub, name); break;
            case GpuConcatStep concat: GpuSimpleKernels.WriteConcat(w, concat, name); break;
            case GpuMaxPoolStep pool: GpuSimpleKernels.WriteMaxPool(w, pool, name); break;
            case GpuAveragePoolStep pool: GpuSimpleKernels.WriteAveragePool(w, pool, name); break;
            case GpuCopyStep copy: GpuMoveKernels.WriteCopy(w, copy, name); break;
            case GpuEnlargeStep enlarge: GpuMoveKernels.WriteEnlarge(w, enlarge, name); break;
            case GpuPermuteStep permute: GpuMoveKernels.WritePermute(w, permute, name); break;
            case GpuLookupStep lookup: GpuMoveKernels.WriteLookup(w, lookup, name); break;
            case GpuConvStep { Kernel.Family: GpuConvFamily.Plain } conv: GpuDirectConv.WritePlain(w, conv, name); break;
            case GpuConvStep conv: GpuTensorCoreConv.Write(w, conv, name); break;
            default: throw new InvalidOperationException($"No emitter for {step.GetType().Name}.");
        }
    }

    private static string Name(GpuStep step) => step switch
    {
        GpuConvStep c => $"Conv{c.Geometry.Kernel.Height}x{c.Geometry.Kernel.Width}S{c.Geometry.Stride.Height}_{c.Geometry.Input}_To{c.Geometry.Output.Channels}_{c.Input.Element}S{c.Weights.Source.Bits}",
        GpuInputStep => "Input",
        GpuMaxPoolStep pool => $"MaxPool{pool.Window.Kernel}_{pool.Source.Tensor.Shape}",
        GpuAveragePoolStep pool => $"AveragePool{pool.Window.Kernel}_{pool.Source.Tensor.Shape}",
        GpuPairStep pair => $"{pair.GetType().Name.Replace("Gpu", "").Replace("Step", "")}_{pair.Shape.Tensor.Shape}",
        _ => throw new InvalidOperationException($"No name for {step.GetType().Name}."),
    };

    private static string Unique(string name, HashSet<string> used)
    {
        string candidate = name;
        for (int i = 2; !used.Add(candidate); i++)
        {
            candidate = $"{name}_{i}";
        }

        return candidate;
    }

    private sealed class KernelBlock(IDisposable outer, IDisposable inner) : IDisposable
    {
        public void Dispose()
        {
            inner.Dispose();
            outer.Dispose();
        }
    }
}
