using Hawq.CodeGen.Emit.Kernels;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints an add or requantize that stands alone.</summary>
internal static class ElementwiseEmitter
{
    public static Method Method(ElementwiseStep step, KernelLibrary library)
    {
        Shape shape = step.Source.Tensor.Shape;
        List<Parameter> parameters =
        [
            new($"{CodeText.TypeOf(step.Source.Element)}*", "input", CodeText.Arena(step.Source.Element, step.Source.Offset)),
            .. ScalarEpilogue.Parameters(step.Epilogue),
            .. WorkText.Range(step.Work),
        ];
        string verb = step.Epilogue.Residual is null ? "Requantize" : "Add";
        string stores = string.Concat(step.Epilogue.Stores.Select(store => CodeText.Tag(store.Target.Tensor)));
        return new Method(
            $"{verb}_{shape}_{CodeText.Tag(step.Source.Tensor)}_{stores}",
            $"Element by element over {CodeText.Describe(step.Source)}: {EpilogueText.Sentence(step.Epilogue)}",
            parameters,
            (writer, _) => Tiers.WriteChoice(writer, step.Tiers, tier =>
            {
                if (VectorTier.For(tier) is { } vectors)
                {
                    ElementwiseKernel.WriteBody(writer, step, vectors, library);
                }
                else
                {
                    WriteScalar(writer, step);
                }
            }));
    }

    private static void WriteScalar(SourceWriter writer, ElementwiseStep step)
    {
        Shape shape = step.Source.Tensor.Shape;
        using (writer.Block("for (int y = first; y < end; y++)"))
        using (ScalarConvKernel.Loop(writer, "x", shape.Width))
        using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
        {
            writer.Line($"int value = input[{ScalarConvKernel.Address(step.Source, "y", "x", "c")}]{CodeText.Plus(-step.Source.StoredZero)};");
            ScalarEpilogue.Write(writer, step.Epilogue, storage => ScalarConvKernel.Address(storage, "y", "x", "c"));
        }
    }
}
