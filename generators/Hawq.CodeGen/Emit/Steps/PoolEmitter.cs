using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints pooling over windows.</summary>
internal static class PoolEmitter
{
    public static Method Method(MaxPoolStep step)
    {
        string type = CodeText.TypeOf(step.Source.Element);
        Shape shape = step.Target.Tensor.Shape;
        return new Method(
            $"MaxPool{Size(step.Window)}_{step.Source.Tensor.Shape}_To{shape}_{CodeText.Tag(step.Source.Tensor)}",
            $"Largest code in windows of {Describe(step.Window)}, {CodeText.Describe(step.Source)} to {shape}; padding is left out.",
            [
                new($"{type}*", "input", CodeText.Arena(step.Source.Element, step.Source.Offset)),
                new($"{type}*", "output", CodeText.Arena(step.Target.Element, step.Target.Offset)),
                .. WorkText.Range(step.Work),
            ],
            (writer, _) =>
            {
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                {
                    writer.Line($"{type}* to = output + {ScalarConvKernel.Address(step.Target, "y", "x", "0")};");
                    using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                    {
                        writer.Line($"to[c] = {(step.Source.Element == ElementType.UInt8 ? "0" : $"{type}.MinValue")};");
                    }

                    writer.Blank();
                    WriteTaps(writer, step.Source, step.Window, shape, () =>
                    {
                        writer.Line($"{type}* from = input + {ScalarConvKernel.Address(step.Source, "row", "column", "0")};");
                        using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                        {
                            writer.Line("to[c] = global::System.Math.Max(to[c], from[c]);");
                        }
                    });
                }
            });
    }

    public static Method Method(AveragePoolStep step)
    {
        TensorStorage source = step.Source;
        bool single = step.Divisors.Count == 1;
        List<Parameter> parameters =
        [
            new($"{CodeText.TypeOf(source.Element)}*", "input", CodeText.Arena(source.Element, source.Offset)),
            .. single ? ScalarEpilogue.SumParameters(step.Epilogue) : [],
            .. ScalarEpilogue.Parameters(step.Epilogue),
            .. WorkText.Range(step.Work),
        ];
        return new Method(
            $"AveragePool{Size(step.Window)}_{source.Tensor.Shape}_To{step.Output}_{CodeText.Tag(source.Tensor)}",
            $"Average over windows of {Describe(step.Window)}, {CodeText.Describe(source)} to {step.Output}; the multiplier carries the division"
            + $"{(single ? string.Empty : ", by the number of taps inside the input")}. Sums lie in [{step.Epilogue.Value.Lo}, {step.Epilogue.Value.Hi}]. {EpilogueText.Sentence(step.Epilogue)}",
            parameters,
            (writer, _) => WriteAverage(writer, step, single));
    }

    private static void WriteAverage(SourceWriter writer, AveragePoolStep step, bool single)
    {
        TensorStorage source = step.Source;
        Requantizer requantize = step.Epilogue.Requantize!;
        if (!single)
        {
            bool highHalf = requantize.Form == RequantizeForm.HighHalf;
            WriteTable(writer, "multipliers", step, dyadic => dyadic.Multiplier);
            WriteTable(writer, "shifts", step, dyadic => highHalf ? requantize.FinalShift(dyadic) : dyadic.Shift);
            if (highHalf)
            {
                WriteTable(writer, "roundings", step, requantize.Rounding);
            }
        }

        using (writer.Block("for (int y = first; y < end; y++)"))
        using (ScalarConvKernel.Loop(writer, "x", step.Output.Width))
        using (writer.Block($"for (int c = 0; c < {step.Output.Channels}; c++)"))
        {
            writer.Line("int sum = 0;");
            if (!single)
            {
                writer.Line("int count = 0;");
            }

            WriteTaps(writer, source, step.Window, step.Output, () =>
            {
                writer.Line($"sum += input[{ScalarConvKernel.Address(source, "row", "column", "c")}]{CodeText.Plus(-source.StoredZero)};");
                if (!single)
                {
                    writer.Line("count++;");
                }
            });
            writer.Blank();
            if (single)
            {
                ScalarEpilogue.WriteSumRequantize(writer, step.Epilogue);
            }
            else
            {
                ScalarEpilogue.WriteRequantize(writer, step.Epilogue, "sum", "multipliers[count]", "roundings[count]", "shifts[count]");
            }

            ScalarEpilogue.Write(writer, step.Epilogue, storage => ScalarConvKernel.Address(storage, "y", "x", "c"));
        }
    }

    // By number of taps; 0 where a number does not occur.
    private static void WriteTable(SourceWriter writer, string name, AveragePoolStep step, Func<Dyadic, int> value)
    {
        int[] table = new int[step.Divisors[step.Divisors.Count - 1].Count + 1];
        foreach (PoolDivisor divisor in step.Divisors)
        {
            table[divisor.Count] = value(divisor.Requantize);
        }

        writer.Line($"global::System.ReadOnlySpan<int> {name} = [{string.Join(", ", table.Select(entry => CodeText.Number(entry)))}];");
    }

    /// <summary>Loops over the taps inside the input; <paramref name="tap"/> finds them at (row, column).</summary>
    private static void WriteTaps(SourceWriter writer, TensorStorage source, PoolWindow window, Shape output, Action tap)
    {
        Shape input = source.Tensor.Shape;
        using (writer.Block($"for (int ky = 0; ky < {window.Kernel.Height}; ky++)"))
        {
            WritePosition(writer, "row", "y", "ky", output.Height, window.Stride.Height, window.Dilation.Height, window.Padding.Top, window.Padding.Bottom, input.Height);
            using (writer.Block($"for (int kx = 0; kx < {window.Kernel.Width}; kx++)"))
            {
                WritePosition(writer, "column", "x", "kx", output.Width, window.Stride.Width, window.Dilation.Width, window.Padding.Left, window.Padding.Right, input.Width);
                tap();
            }
        }
    }

    private static void WritePosition(
        SourceWriter writer, string name, string output, string tap, int outputs, int stride, int dilation, int before, int after, int size)
    {
        string start = outputs == 1 && name == "column" ? "0" : stride == 1 ? output : $"({CodeText.Times(output, stride)})";
        string offset = dilation == 1 ? tap : $"({CodeText.Times(tap, dilation)})";
        writer.Line($"int {name} = {CodeText.Sum(start, offset)}{CodeText.Plus(-before)};");
        if (before > 0 || after > 0)
        {
            using (writer.Block($"if ((uint){name} >= {size})"))
            {
                writer.Line("continue;");
            }

            writer.Blank();
        }
    }

    private static string Size(PoolWindow window) => $"{window.Kernel}{(window.Stride == new Size2(1, 1) ? string.Empty : $"S{window.Stride}")}";

    private static string Describe(PoolWindow window) =>
        $"{window.Kernel}, stride {window.Stride}, pad {window.Padding}{(window.Dilation == new Size2(1, 1) ? string.Empty : $", dilation {window.Dilation}")}";
}
