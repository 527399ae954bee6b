using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints functions by table.</summary>
internal static class LookupEmitter
{
    public static Method Method(LookupStep step)
    {
        Shape shape = step.Source.Tensor.Shape;
        string source = CodeText.TypeOf(step.Source.Element);
        string target = CodeText.TypeOf(step.Target.Element);
        bool perChannel = step.Tables.Count > 1;
        return new Method(
            $"Lookup_{shape}_{CodeText.Tag(step.Source.Tensor)}_{CodeText.Tag(step.Target.Tensor)}",
            $"A function of every element of {CodeText.Describe(step.Source)} by {(perChannel ? "a table per channel" : "one table")}, to {step.Target.Tensor.TypeName}.",
            [
                new($"{source}*", "input", CodeText.Arena(step.Source.Element, step.Source.Offset)),
                new($"{target}*", "output", CodeText.Arena(step.Target.Element, step.Target.Offset)),
                .. WorkText.Range(step.Work),
            ],
            (writer, _) =>
            {
                writer.Line($"global::System.ReadOnlySpan<{target}> tables =\n[");
                foreach (EquatableArray<int> table in step.Tables)
                {
                    foreach (string line in SourceWriter.Numbers(table).Split('\n'))
                    {
                        writer.Line($"    {line.TrimEnd(',')},");
                    }
                }

                writer.Line("];");
                using (writer.Block($"fixed ({target}* table = tables)"))
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    string index = $"input[{ScalarConvKernel.Address(step.Source, "y", "x", "c")}]{CodeText.Plus(-step.Source.StoredLo)}";
                    index = perChannel ? $"(c * {step.Tables[0].Count}) + {index}" : index;
                    writer.Line($"output[{ScalarConvKernel.Address(step.Target, "y", "x", "c")}] = table[{index}];");
                }
            });
    }
}
