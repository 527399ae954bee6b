using Hawq.CodeGen.Emit.Kernels;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>A kernel of one tier as text, in which <see cref="ConvKernel.NamePlaceholder"/> stands for its name.</summary>
/// <param name="Locals">Declarations that the body needs, a line each; tiers mostly need the same ones.</param>
/// <param name="Body">The statements that walk over the output: part of the layer's method.</param>
/// <param name="Methods">The methods that they call, or nothing.</param>
internal sealed record KernelText(EquatableArray<string> Locals, string Body, string Methods)
{
    /// <summary>Everything, to compare with.</summary>
    public string All => string.Join("\n", [.. Locals, Body, Methods]);

    /// <summary>All parts under a name.</summary>
    public KernelText Named(string name) => new(Locals, Body.Replace(ConvKernel.NamePlaceholder, name), Methods.Replace(ConvKernel.NamePlaceholder, name));
}

/// <summary>Prints the kernel of one tier.</summary>
internal static class ConvKernels
{
    /// <summary>The text of a kernel.</summary>
    public static KernelText Text(ConvStep step, KernelChoice kernel, KernelLibrary library)
    {
        SourceWriter locals = new();
        SourceWriter body = new();
        SourceWriter methods = new();
        switch (kernel.Family)
        {
            case KernelFamily.Scalar:
                ScalarConvKernel.WriteBody(body, step, library);
                break;
            case KernelFamily.Tree or KernelFamily.Maddubs16 or KernelFamily.Dot4 or KernelFamily.Widen
                or KernelFamily.Depthwise or KernelFamily.Winograd4:
                new ConvKernel(step, kernel, library).Write(locals, body, methods);
                break;
            default:
                throw new NotSupportedException($"The emitter has no {kernel.Family} kernel.");
        }

        return new KernelText(locals.ToString().Split(['\n'], StringSplitOptions.RemoveEmptyEntries).ToEquatableArray(), body.ToString().TrimEnd('\n'), methods.ToString().TrimEnd('\n'));
    }
}
