using Hawq.CodeGen.Emit.Kernels;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints the kernel of one tier as a method of its own.</summary>
internal static class ConvKernels
{
    /// <summary>Writes the method <paramref name="name"/> with the given parameters (and, before or after it, methods that it calls, named after it).</summary>
    public static void Write(SourceWriter writer, ConvStep step, KernelChoice kernel, string name, IReadOnlyList<Parameter> parameters, KernelLibrary library)
    {
        switch (kernel.Family)
        {
            case KernelFamily.Scalar:
                writer.Line(KernelLibrary.OptimizeAttribute);
                using (writer.Block(CodeText.List($"private static void {name}", parameters.Select(p => p.ToString()), string.Empty)))
                using (writer.Block("unchecked"))
                {
                    ScalarConvKernel.WriteBody(writer, step);
                }

                break;
            case KernelFamily.Tree or KernelFamily.Maddubs32 or KernelFamily.Maddubs16 or KernelFamily.Dot4 or KernelFamily.Widen
                or KernelFamily.Depthwise or KernelFamily.Winograd4:
                new ConvKernel(step, kernel, library).Write(writer, name, parameters);
                break;
            default:
                throw new NotSupportedException($"The emitter has no {kernel.Family} kernel.");
        }
    }
}
