using Hawq.CodeGen.Emit.Kernels;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints averages over windows.</summary>
internal static class AveragePoolEmitter
{
    public static Method Method(AveragePoolStep step, KernelLibrary library)
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
            $"AveragePool{PoolTaps.Size(step.Window)}_{source.Tensor.Shape}_To{step.Output}_{CodeText.Tag(source.Tensor)}",
            $"Average over windows of {PoolTaps.Describe(step.Window)}, {CodeText.Describe(source)} to {step.Output}; the multiplier carries the division"
            + $"{(single ? string.Empty : ", by the number of taps inside the input")}. Sums lie in [{step.Epilogue.Value.Lo}, {step.Epilogue.Value.Hi}]. {EpilogueText.Sentence(step.Epilogue)}",
            parameters,
            (writer, _) => Tiers.WriteChoice(writer, step.Tiers, tier =>
            {
                if (VectorTier.For(tier) is { } vectors)
                {
                    WriteVectors(writer, step, vectors, single, library);
                }
                else
                {
                    WriteAverage(writer, step, single);
                }
            }));
    }

    // Sums of all channels of a pixel in 16-bit lanes, then sixteen at a time through the epilogue that convolutions have.
    private static void WriteVectors(SourceWriter writer, AveragePoolStep step, VectorTier tier, bool single, KernelLibrary library)
    {
        TensorStorage source = step.Source;
        Requantizer requantize = step.Epilogue.Requantize!;
        KernelEpilogue epilogue = new(step.Epilogue, tier, 0, null, library);
        (string Name, TensorStorage Tensor)[] moving = [.. epilogue.Pointers.Where(p => p.Tensor is not null).Select(p => (p.Name, p.Tensor!))];
        epilogue.WriteLocals(writer);
        bool divides = requantize.Form == RequantizeForm.HighHalf;
        if (divides)
        {
            writer.Line("// Multiplier, rounding term and final shift of the division" + (single ? "." : ", by the number of taps inside the input."));
            writer.Line(single
                ? "int* divisor = stackalloc int[] { sumMultiplier, sumRounding, sumShift };"
                : $"int* divisors = stackalloc int[] {{ {string.Join(", ", Divisors(step))} }};");
        }

        writer.Line($"ushort* sums = stackalloc ushort[{step.Output.Channels}];");
        using (writer.Block("for (int y = first; y < end; y++)"))
        using (ScalarConvKernel.Loop(writer, "x", step.Output.Width))
        {
            WriteVectorSums(writer, step);
            if (divides && !single)
            {
                writer.Line("int* divisor = divisors + (3 * count);");
            }

            if (source.StoredZero != 0)
            {
                writer.Line($"{tier.Vector}<int> zero = {tier.Vector}.Create(count * {source.StoredZero});");
            }

            foreach ((string name, TensorStorage tensor) in moving)
            {
                writer.Line($"byte* {name}At = {name} + ({CodeText.Times("y", tensor.RowStride)}){(step.Output.Width == 1 ? string.Empty : $" + ({CodeText.Times("x", tensor.PixelStride)})")};");
            }

            string advance = string.Concat(moving.Select(m => $", {m.Name}At += {16 * m.Tensor.ElementSize}"));
            using (writer.Block($"for (int c = 0; c < {step.Output.Channels}; c += 16{advance})"))
            {
                string[] values = [.. Enumerable.Range(0, tier.VectorsPerBlock).Select(i =>
                    $"{tier.Class}.LoadShorts((byte*)(sums + c{CodeText.Plus(i * tier.Lanes)})){(source.StoredZero == 0 ? string.Empty : " - zero")}")];
                writer.Line($"{epilogue.Finish(16)}({string.Join(", ", values.Concat(epilogue.Pointers.Select(p => p.Tensor is null ? p.Name : $"{p.Name}At")))});");
            }
        }
    }

    // Three ints per number of taps; zeros where a number does not occur.
    private static IEnumerable<string> Divisors(AveragePoolStep step)
    {
        Requantizer requantize = step.Epilogue.Requantize!;
        Dictionary<int, Dyadic> byCount = step.Divisors.ToDictionary(divisor => divisor.Count, divisor => divisor.Requantize);
        return Enumerable.Range(0, byCount.Keys.Max() + 1).SelectMany(count => byCount.TryGetValue(count, out Dyadic dyadic)
            ? new[] { dyadic.Multiplier, requantize.Rounding(dyadic), requantize.FinalShift(dyadic) }
            : [0, 0, 0]).Select(value => CodeText.Number(value));
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

        bool vectors = step.SumsFitVectors;
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

        PoolTaps.WriteTaps(writer, source, step.Window, step.Output, () =>
        {
            writer.Line($"sum += input[{ScalarConvKernel.Address(source, "row", "column", "c")}]{CodeText.Plus(-source.StoredZero)};");
            if (!single)
            {
                writer.Line("count++;");
            }
        });
        writer.Blank();
    }

    private static void WriteVectorSums(SourceWriter writer, AveragePoolStep step)
    {
        writer.Line($"// At most {step.Window.Kernel.Height * step.Window.Kernel.Width} codes of at most {step.Source.StoredHi}: their sum fits in 16 bits.");
        PoolTaps.WriteRanges(writer, step.Source, step.Window, step.Output);
        writer.Line("int count = (bottom - top) * (right - left);");
        int together = step.Output.Channels % 32 == 0 ? 2 : 1;
        using (writer.Block($"for (int c = 0; c < {step.Output.Channels}; c += {16 * together})"))
        {
            writer.Line($"Vector128<ushort> {string.Join(", ", Enumerable.Range(0, together).Select(i => $"low{i} = default, high{i} = default"))};");
            PoolTaps.WriteInside(writer, step.Source, step.Window, step.Output, () =>
            {
                for (int i = 0; i < together; i++)
                {
                    writer.Line($"Vector128<byte> codes{i} = Vector128.Load(tap{CodeText.Plus(16 * i)});");
                    writer.Line($"low{i} += Vector128.WidenLower(codes{i});");
                    writer.Line($"high{i} += Vector128.WidenUpper(codes{i});");
                }
            });
            writer.Blank();
            for (int i = 0; i < together; i++)
            {
                writer.Line($"low{i}.Store(sums + c{CodeText.Plus(16 * i)});");
                writer.Line($"high{i}.Store(sums + c{CodeText.Plus((16 * i) + 8)});");
            }
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
}
