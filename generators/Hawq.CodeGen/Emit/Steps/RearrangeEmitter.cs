using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints permutations of channels and enlargements.</summary>
internal static class RearrangeEmitter
{
    public static Method Method(PermuteStep step)
    {
        Shape shape = step.Target.Tensor.Shape;
        string index = shape.Channels <= 256 ? "byte" : "int";
        return new Method(
            $"Permute_{shape}_{CodeText.Tag(step.Source.Tensor)}",
            $"The channels of {CodeText.Describe(step.Source)} in another order.",
            Parameters(step.Source, step.Target, step.Work),
            (writer, _) =>
            {
                writer.Line($"global::System.ReadOnlySpan<{index}> channels =\n[");
                foreach (string line in SourceWriter.Numbers(step.Channels).Split('\n'))
                {
                    writer.Line($"    {line.TrimEnd(',')},");
                }

                writer.Line("];");
                using (writer.Block($"fixed ({index}* channel = channels)"))
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    writer.Line($"output[{ScalarConvKernel.Address(step.Target, "y", "x", "c")}] = input[{ScalarConvKernel.Address(step.Source, "y", "x", "channel[c]")}];");
                }
            });
    }

    public static Method Method(EnlargeStep step)
    {
        Shape from = step.Source.Tensor.Shape;
        Shape to = step.Target.Tensor.Shape;
        string what = step.Repeat ? $"every pixel becomes a block of {step.Factor}" : $"pixels stand {step.Factor} rows and columns apart, with zeros between them";
        return new Method(
            $"{(step.Repeat ? "Resize" : "Spread")}{step.Factor}_{from}_{CodeText.Tag(step.Source.Tensor)}",
            $"Enlarges {CodeText.Describe(step.Source)} to {to}: {what}.",
            Parameters(step.Source, step.Target, step.Work),
            (writer, _) =>
            {
                if (step.Repeat)
                {
                    WriteRepeat(writer, step, from);
                }
                else
                {
                    WriteSpread(writer, step, from, to);
                }
            });
    }

    private static void WriteRepeat(SourceWriter writer, EnlargeStep step, Shape from)
    {
        using (writer.Block("for (int y = first; y < end; y++)"))
        using (writer.Block($"for (int i = 0; i < {step.Factor.Height}; i++)"))
        {
            writer.Line($"{CodeText.TypeOf(step.Target.Element)}* row = output + ({CodeText.Times($"((y * {step.Factor.Height}) + i)", step.Target.RowStride / step.Target.ElementSize)});");
            using (ScalarConvKernel.Loop(writer, "x", from.Width))
            using (writer.Block($"for (int j = 0; j < {step.Factor.Width}; j++)"))
            using (writer.Block($"for (int c = 0; c < {from.Channels}; c++)"))
            {
                string column = from.Width == 1 ? "j" : $"((x * {step.Factor.Width}) + j)";
                writer.Line($"row[({CodeText.Times(column, step.Target.PixelStride / step.Target.ElementSize)}) + c] = input[{ScalarConvKernel.Address(step.Source, "y", "x", "c")}];");
            }
        }
    }

    private static void WriteSpread(SourceWriter writer, EnlargeStep step, Shape from, Shape to)
    {
        int rowStride = step.Target.RowStride / step.Target.ElementSize;
        int pixelStride = step.Target.PixelStride / step.Target.ElementSize;
        using (writer.Block("for (int y = first; y < end; y++)"))
        {
            // Behind the last row of the source no row of zeros follows.
            string rows = step.Factor.Height == 1 ? "1" : $"(y == {from.Height - 1} ? 1 : {step.Factor.Height})";
            writer.Line($"{CodeText.TypeOf(step.Target.Element)}* row = output + ({CodeText.Times("y", (long)step.Factor.Height * rowStride)});");
            using (writer.Block($"for (int i = 0; i < {rows}; i++)"))
            using (writer.Block($"for (int x = 0; x < {to.Width}; x++)"))
            using (writer.Block($"for (int c = 0; c < {to.Channels}; c++)"))
            {
                writer.Line($"row[(i * {rowStride}) + ({CodeText.Times("x", pixelStride)}) + c] = {step.Target.StoredZero};");
            }

            writer.Blank();
            using (ScalarConvKernel.Loop(writer, "x", from.Width))
            using (writer.Block($"for (int c = 0; c < {from.Channels}; c++)"))
            {
                string column = from.Width == 1 ? "c" : $"({CodeText.Times("x", (long)step.Factor.Width * pixelStride)}) + c";
                writer.Line($"row[{column}] = input[{ScalarConvKernel.Address(step.Source, "y", "x", "c")}];");
            }
        }
    }

    private static List<Parameter> Parameters(TensorStorage source, TensorStorage target, WorkPlan work) =>
    [
        new($"{CodeText.TypeOf(source.Element)}*", "input", CodeText.Arena(source.Element, source.Offset)),
        new($"{CodeText.TypeOf(target.Element)}*", "output", CodeText.Arena(target.Element, target.Offset)),
        .. WorkText.Range(work),
    ];
}
