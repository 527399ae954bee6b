using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints concatenations.</summary>
internal static class ConcatEmitter
{
    public static Method Method(ConcatStep step)
    {
        Shape shape = step.Target.Tensor.Shape;
        Epilogue stores = new(default, null, default, null, step.Parts.Select(part => part.Store).ToEquatableArray());
        List<Parameter> parameters =
        [
            .. step.Parts.Select((part, i) => new Parameter(
                $"{CodeText.TypeOf(part.Source.Element)}*", $"input{i + 1}", CodeText.Arena(part.Source.Element, part.Source.Offset))),
            .. ScalarEpilogue.Parameters(stores),
            .. WorkText.Range(step.Work),
        ];
        return new Method(
            $"Concat{step.Parts.Count}_{shape}_{CodeText.Tag(step.Target.Tensor)}",
            $"Joins {string.Join(" and ", step.Parts.Select(part => CodeText.Describe(part.Source)))} to {CodeText.Describe(step.Target)}, each requantized to the joined grid.",
            parameters,
            (writer, _) =>
            {
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                {
                    for (int i = 0; i < step.Parts.Count; i++)
                    {
                        TensorStorage source = step.Parts[i].Source;
                        using (writer.Block($"for (int c = 0; c < {source.Tensor.Shape.Channels}; c++)"))
                        {
                            writer.Line($"int value = input{i + 1}[{ScalarConvKernel.Address(source, "y", "x", "c")}]{CodeText.Plus(-source.StoredZero)};");
                            ScalarEpilogue.WriteStore(writer, stores, i, storage => ScalarConvKernel.Address(storage, "y", "x", "c"));
                        }
                    }
                }
            });
    }
}
