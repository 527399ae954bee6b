using Hawq.CodeGen.Emit.Kernels;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints <c>Name.Kernels.g.cs</c>: the list of steps, then the kernels in the order of their first use.</summary>
internal static class StepsEmitter
{
    public static void Write(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        KernelLibrary library = new();
        using (writer.Block($"unsafe partial class {options.ClassName}"))
        {
            WriteSteps(writer, plan, options, library);
            library.Write(writer);
            VectorKernels.WriteOperations(writer, plan);
        }
    }

    private static void WriteSteps(SourceWriter writer, NetworkPlan plan, EmitOptions options, KernelLibrary library)
    {
        string outputs = string.Concat(plan.Network.Outputs.Select((_, i) => $", int* {Emitter.OutputName(plan, i)}"));
        writer.Line($"/// <summary>All {plan.Steps.Count} steps of the network, in order. The arena holds {plan.Arena.Bytes} bytes; the largest set of tensors alive at the same time takes {plan.Arena.LowerBound}.</summary>");
        writer.Line("/// <remarks>");
        writer.Line("/// <para>Every thread of the team calls this with its own number and does its part of every step; all meet after each step.</para>");
        if (plan.Steps.OfType<ConvStep>().Any(conv => conv.Kernels.Count > 1))
        {
            writer.Line("/// <para>A tile is named after its size: ..._Avx512_8x2 computes 8 pixels by 2 blocks of sixteen output channels.</para>");
        }

        writer.Line("/// </remarks>");
        writer.Line(KernelLibrary.OptimizeAttribute);
        string[] parameters = [$"{InputEmitter.CallerType(plan.Input)}* {InputEmitter.CallerName(plan.Input)}{outputs}", "byte* arena", "byte* weights", "int worker", "Team team"];
        using (writer.Block(CodeText.List("private static void Run", parameters, string.Empty)))
        {
            WorkText.Declare(writer, plan);
            if (plan.ScratchBytes > 0)
            {
                writer.Line($"byte* scratch = arena + {plan.Arena.Bytes} + worker * {plan.ScratchBytes}L;");
            }

            for (int i = 0; i < plan.Steps.Count; i++)
            {
                WriteStep(writer, plan, options, library, i);
            }
        }
    }

    private static void WriteStep(SourceWriter writer, NetworkPlan plan, EmitOptions options, KernelLibrary library, int index)
    {
        Step step = plan.Steps[index];
        List<string> alone = [.. step.Writes.Where(s => s.HasBorder).Select(s => library.Add(BorderEmitter.Method(s), s.Tensor.Name, []))];
        string call = step is ConcatStep ? string.Empty : library.Add(MethodOf(plan, step, library), LayersOf(step), (step as ConvStep)?.Proofs ?? default);
        if (step.Work.Axis == WorkAxis.Whole && call.Length > 0)
        {
            alone.Add(call);
        }

        writer.Blank();
        writer.Line($"// {Description(step)}");
        if (step is ConcatStep)
        {
            writer.Line("// Every part is in its place: the steps above have written it there.");
        }

        if (alone.Count > 0)
        {
            using (writer.Block("if (worker == 0)"))
            {
                alone.ForEach(writer.Line);
            }

            writer.Blank();
        }

        if (step.Work.Axis != WorkAxis.Whole)
        {
            writer.Line(call);
        }

        writer.Line("team.Wait();");
        if (options.Trace)
        {
            writer.Line($"team.Trace?.Invoke({index});");
        }
    }

    private static Method MethodOf(NetworkPlan plan, Step step, KernelLibrary library) => step switch
    {
        InputStep input => InputEmitter.Method(input),
        ConvStep conv => ConvEmitter.Method(conv, library),
        ElementwiseStep elementwise => ElementwiseEmitter.Method(elementwise, library),
        CopyStep copy => CopyEmitter.Method(copy),
        GlobalAveragePoolStep pool => GlobalAveragePoolEmitter.Method(pool),
        MaxPoolStep pool => MaxPoolEmitter.Method(pool),
        AveragePoolStep pool => AveragePoolEmitter.Method(pool, library),
        LookupStep lookup => LookupEmitter.Method(lookup),
        MulStep mul => BinaryEmitter.Method(mul),
        SubStep sub => BinaryEmitter.Method(sub),
        PermuteStep permute => RearrangeEmitter.Method(permute),
        EnlargeStep enlarge => RearrangeEmitter.Method(enlarge),
        OutputStep output => OutputEmitter.Method(output, Emitter.OutputName(plan, output.Index)),
        _ => throw new NotSupportedException($"The emitter has no {step.GetType().Name}."),
    };

    private static string LayersOf(Step step) => step.Layers.Count == 0 ? step.Name : string.Join(" + ", step.Layers);

    private static string Description(Step step)
    {
        string reads = string.Join(", ", step.Reads.Select(s => $"{s.Tensor.Name} {CodeText.Describe(s)}"));
        string writes = string.Join(", ", step.Writes.Select(s => $"{s.Tensor.Name} {CodeText.Describe(s)}"));
        return step switch
        {
            InputStep => $"Input: {writes}",
            OutputStep => $"Output: {reads}",
            _ => $"{LayersOf(step)}: {reads} -> {writes}",
        };
    }
}
