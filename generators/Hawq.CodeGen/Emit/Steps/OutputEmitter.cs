using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints the copy of an output to the caller.</summary>
internal static class OutputEmitter
{
    public static Method Method(OutputStep step, string callerName)
    {
        Shape shape = step.Source.Tensor.Shape;
        return new Method(
            $"Output_{shape}_{CodeText.Tag(step.Source.Tensor)}",
            $"Copies {CodeText.Describe(step.Source)} codes to the caller.",
            [
                new($"{CodeText.TypeOf(step.Source.Element)}*", "input", CodeText.Arena(step.Source.Element, step.Source.Offset)),
                new("int*", "output", callerName),
            ],
            (writer, _) =>
            {
                using (ScalarConvKernel.Loop(writer, "y", shape.Height))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                using (ScalarConvKernel.Loop(writer, "c", shape.Channels))
                {
                    string value = $"input[{ScalarConvKernel.Address(step.Source, "y", "x", "c")}]";
                    writer.Line($"*output++ = {value}{CodeText.Plus(-step.Source.CodeOffset)};");
                }
            });
    }
}
