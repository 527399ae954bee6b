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
        writer.Line(KernelLibrary.OptimizeAttribute);
        using (writer.Block($"private {(options.Trace ? string.Empty : "static ")}void Run({InputEmitter.CallerType(plan.Input)}* {InputEmitter.CallerName(plan.Input)}{outputs}, byte* arena, byte* weights)"))
        {
            for (int i = 0; i < plan.Steps.Count; i++)
            {
                Step step = plan.Steps[i];
                writer.Blank();
                writer.Line($"// {Description(step)}");
                foreach (TensorStorage bordered in step.Writes.Where(storage => storage.HasBorder))
                {
                    writer.Line(library.Add(BorderEmitter.Method(bordered), bordered.Tensor.Name, []));
                }

                writer.Line(library.Add(MethodOf(plan, step), LayersOf(step), (step as ConvStep)?.Proofs ?? default));
                if (options.Trace)
                {
                    writer.Line($"Trace?.Invoke({i});");
                }
            }
        }
    }

    private static Method MethodOf(NetworkPlan plan, Step step) => step switch
    {
        InputStep input => InputEmitter.Method(input),
        ConvStep conv => ConvEmitter.Method(conv),
        ElementwiseStep elementwise => ElementwiseEmitter.Method(elementwise),
        CopyStep copy => CopyEmitter.Method(copy),
        GlobalAveragePoolStep pool => GlobalAveragePoolEmitter.Method(pool),
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
