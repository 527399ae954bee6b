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
                        WriteMax(writer, shape.Channels, step.Source.ElementSize);
                    });
                }
            });
    }

    // The portable vectors are one instruction where the machine has their width and two of half of it where it has not; a maximum is exact everywhere.
    private static void WriteMax(SourceWriter writer, int channels, int elementSize)
    {
        int bytes = channels * elementSize % 32 == 0 ? 32 : 16;
        int lanes = bytes / elementSize;
        int vectors = channels / lanes;
        string type = $"Vector{8 * bytes}";
        if (vectors > 0)
        {
            using (writer.Block($"for (int c = 0; c < {vectors * lanes}; c += {lanes})"))
            {
                writer.Line($"{type}.Max({type}.Load(to + c), {type}.Load(from + c)).Store(to + c);");
            }
        }

        if (vectors * lanes < channels)
        {
            using (writer.Block($"for (int c = {vectors * lanes}; c < {channels}; c++)"))
            {
                writer.Line("to[c] = global::System.Math.Max(to[c], from[c]);");
            }
        }
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

        bool vectors = SumsFitVectors(step);
        if (vectors)
        {
            writer.Line($"ushort* sums = stackalloc ushort[{step.Output.Channels}];");
        }

        using (writer.Block("for (int y = first; y < end; y++)"))
        using (ScalarConvKernel.Loop(writer, "x", step.Output.Width))
        {
            if (vectors)
            {
                WriteVectorSums(writer, step);
            }

            using (writer.Block($"for (int c = 0; c < {step.Output.Channels}; c++)"))
            {
                writer.Line(vectors ? $"int sum = sums[c]{(source.StoredZero == 0 ? string.Empty : $" - (count * {source.StoredZero})")};" : "int sum = 0;");
                if (!vectors)
                {
                    WriteScalarSum(writer, step, single);
                }

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
    }

    private static void WriteScalarSum(SourceWriter writer, AveragePoolStep step, bool single)
    {
        TensorStorage source = step.Source;
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
    }

    /// <summary>Whether sixteen channels at a time can be summed in 16-bit lanes: bytes, so few that the largest of all still fit.</summary>
    private static bool SumsFitVectors(AveragePoolStep step) =>
        step.Source.Element == ElementType.UInt8 && step.Output.Channels % 16 == 0
        && (long)step.Source.StoredHi * step.Window.Kernel.Height * step.Window.Kernel.Width <= ushort.MaxValue;

    private static void WriteVectorSums(SourceWriter writer, AveragePoolStep step)
    {
        writer.Line($"// At most {step.Window.Kernel.Height * step.Window.Kernel.Width} codes of at most {step.Source.StoredHi}: their sum fits in 16 bits.");
        writer.Line("int count = 0;");
        using (writer.Block($"for (int c = 0; c < {step.Output.Channels}; c += 16)"))
        {
            writer.Line("Vector128<ushort> low = Vector128<ushort>.Zero;");
            writer.Line("Vector128<ushort> high = Vector128<ushort>.Zero;");
            writer.Line("count = 0;");
            WriteTaps(writer, step.Source, step.Window, step.Output, () =>
            {
                writer.Line($"Vector128<byte> codes = Vector128.Load(input + {ScalarConvKernel.Address(step.Source, "row", "column", "c")});");
                writer.Line("low += Vector128.WidenLower(codes);");
                writer.Line("high += Vector128.WidenUpper(codes);");
                writer.Line("count++;");
            });
            writer.Blank();
            writer.Line("low.Store(sums + c);");
            writer.Line("high.Store(sums + c + 8);");
        }

        writer.Blank();
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
