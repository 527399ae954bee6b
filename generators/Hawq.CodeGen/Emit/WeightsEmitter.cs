using Hawq.CodeGen.Emit.Kernels;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints <c>Name.Weights.g.cs</c>: short per-channel tables as literals, and the packing of weights at load.</summary>
internal static class WeightsEmitter
{
    public static void Write(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        using (writer.Block($"unsafe partial class {options.ClassName}"))
        {
            writer.Line($"/// <summary>The constants of the network: {plan.WeightBytes} bytes that all instances share, filled once from the embedded resource.</summary>");
            using (writer.Block("private static class Weights"))
            {
                WriteLoad(writer, plan, options);
                foreach (ConvStep step in plan.Steps.OfType<ConvStep>())
                {
                    WriteLayer(writer, step);
                }

                WriteHelpers(writer);
                writer.Blank();
                writer.Line(KernelPacking.Text);
            }
        }
    }

    private static string MethodName(ConvStep step) => $"Load_{step.Weights.TableOffset}";

    private static void WriteLoad(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        writer.Line($"private static readonly byte[] Memory = global::System.GC.AllocateArray<byte>({plan.WeightBytes + 64}, pinned: true);");
        writer.Blank();
        writer.Line("/// <summary>The 64-byte aligned block.</summary>");
        writer.Line("internal static readonly byte* Block = Load();");
        writer.Blank();
        using (writer.Block("private static byte* Load()"))
        {
            writer.Line($"using global::System.IO.Stream? stream = typeof({options.ClassName}).Assembly.GetManifestResourceStream(\"{options.WeightsResource}\");");
            using (writer.Block($"if (stream is not global::System.IO.UnmanagedMemoryStream {{ Length: {plan.Network.WeightsFile.Length} }} memory)"))
            {
                writer.Line($"throw new global::System.InvalidOperationException(\"The embedded resource '{options.WeightsResource}' is missing or is not {plan.Network.WeightsFile.Length} bytes long.\");");
            }

            writer.Blank();
            writer.Line("byte* source = memory.PositionPointer;");
            writer.Line("byte* block = Align(Memory);");
            foreach (ConvStep step in plan.Steps.OfType<ConvStep>())
            {
                writer.Line($"{MethodName(step)}(source, block);");
            }

            writer.Line("return block;");
        }
    }

    private static void WriteLayer(SourceWriter writer, ConvStep step)
    {
        LinearWeights w = step.Weights;
        WeightTensor source = w.Source;
        Requantizer requantize = step.Epilogue.Requantize!;
        writer.Blank();
        writer.Line($"// {step.Name}: {source.OutputChannels} channels of {source.PerChannel} weights, {source.Bits} bits each.");
        using (writer.Block($"private static void {MethodName(step)}(byte* source, byte* block)"))
        {
            string tables = "bias, multipliers, shifts";
            if (source.Tables is { } offset)
            {
                int n = source.OutputChannels;
                tables = $"new(source + {offset}, {n}), new(source + {offset + ChannelTables.MultiplierOffset(n)}, {n}), new(source + {offset + ChannelTables.ShiftOffset(n)}, {n})";
            }
            else
            {
                Numbers(writer, "int", "bias", w.Bias);
                Numbers(writer, "int", "multipliers", w.Multipliers.Select(m => m.Multiplier));
                Numbers(writer, "byte", "shifts", w.Multipliers.Select(m => m.Shift));
            }

            string from = $"source + {source.Offset}";
            string sizes = $"{source.Bits}, {source.OutputChannels}, {source.PerChannel}";
            string form = requantize.Form == RequantizeForm.HighHalf ? CodeText.Number(requantize.PreShift) : "-1";
            writer.Line($"Table((int*)(block + {w.TableOffset}), {w.PaddedChannels}, {from}, {sizes}, {step.Input.StoredZero}, {form}, {tables});");
            WritePacking(writer, step, from, sizes);
        }
    }

    /// <summary>Packs the weights for the tier that will run; tiers with the same packing share a branch.</summary>
    private static void WritePacking(SourceWriter writer, ConvStep step, string from, string sizes)
    {
        string target = $"(sbyte*)(block + {step.Weights.WeightsOffset})";
        IReadOnlyList<InstructionSet> tiers = Tiers.Distinct([.. step.Kernels.Select(kernel => kernel.Tier)], Call);
        if (tiers.Count == 1)
        {
            writer.Line(Call(tiers[0]));
            return;
        }

        for (int i = 0; i < tiers.Count; i++)
        {
            using (writer.Block(i == tiers.Count - 1 ? "else" : $"{(i == 0 ? "if" : "else if")} ({Tiers.IsSupported(tiers[i])})"))
            {
                writer.Line(Call(tiers[i]));
            }
        }

        string Call(InstructionSet tier) => PackCall(step, step.Kernels.Single(kernel => kernel.Tier == tier), from, sizes, target);
    }

    private static string PackCall(ConvStep step, KernelChoice kernel, string from, string sizes, string target) => kernel.Packing switch
    {
        WeightPacking.Rows => $"Rows({from}, {sizes}, {target});",
        WeightPacking.Interleaved4 =>
            $"Interleaved4({from}, {sizes}, {step.Geometry.RunLength}, {VectorTier.BlockChannels}, {target});"
            + VectorKernels.PackingText(step, kernel, target, $"(int*)(block + {step.Weights.TableOffset})"),
        WeightPacking.Winograd4 =>
            $"Winograd4({from}, {sizes}, {step.Geometry.Input.Channels}, (short*)({target}));"
            + VectorKernels.PackingText(step, kernel, target, $"(int*)(block + {step.Weights.TableOffset})"),
        WeightPacking.TapMajor =>
            $"PairedRows({from}, {sizes}, {step.Geometry.Kernel.Height}, {step.Geometry.Kernel.Width}, (short*)({target}));"
            + VectorKernels.PackingText(step, kernel, target, $"(int*)(block + {step.Weights.TableOffset})"),
        _ => throw new NotSupportedException($"The emitter has no {kernel.Packing} packing."),
    };

    private static void Numbers(SourceWriter writer, string type, string name, IEnumerable<int> values)
    {
        string[] lines = SourceWriter.Numbers(values).Split('\n');
        if (lines.Length == 1)
        {
            writer.Line($"global::System.ReadOnlySpan<{type}> {name} = [{lines[0]}];");
            return;
        }

        writer.Line($"global::System.ReadOnlySpan<{type}> {name} =\n[");
        foreach (string line in lines)
        {
            writer.Line($"    {line.TrimEnd(' ')}");
        }

        writer.Line("];");
    }

    private static void WriteHelpers(SourceWriter writer)
    {
        writer.Blank();
        writer.Line(Helpers);
    }

    private const string Helpers =
        """
        // One weight: two's complement fields of 2, 4 or 8 bits, lowest bits first.
        private static int Code(byte* channel, int bits, int index)
        {
            int bit = index * bits;
            return channel[bit >> 3] << (24 - (bit & 7)) << (8 - bits) >> (32 - bits);
        }

        // Five arrays per layer: bias with the input's stored zero folded in (bias - zero * sum of weights), multiplier, the odd channels'
        // multipliers at the even places, rounding term and final shift. preShift is -1 where requantize is computed in 64 bits.
        private static void Table(
            int* table, int padded, byte* source, int bits, int channels, int perChannel, int storedZero, int preShift,
            global::System.ReadOnlySpan<int> bias, global::System.ReadOnlySpan<int> multipliers, global::System.ReadOnlySpan<byte> shifts)
        {
            unchecked
            {
                int stride = ((perChannel * bits) + 7) >> 3;
                for (int o = 0; o < channels; o++)
                {
                    int sum = 0;
                    if (storedZero != 0)
                    {
                        for (int i = 0; i < perChannel; i++)
                        {
                            sum += Code(source + ((long)o * stride), bits, i);
                        }
                    }

                    table[o] = bias[o] - (storedZero * sum);
                    table[padded + o] = multipliers[o];
                    if ((o & 1) == 1)
                    {
                        table[(2 * padded) + o - 1] = multipliers[o];
                    }

                    table[(3 * padded) + o] = preShift < 0 ? 0 : 1 << (shifts[o] + preShift - 33);
                    table[(4 * padded) + o] = preShift < 0 ? shifts[o] : shifts[o] + preShift - 32;
                }
            }
        }

        // [output channel][weight], one signed byte each.
        private static void Rows(byte* source, int bits, int channels, int perChannel, sbyte* target)
        {
            unchecked
            {
                int stride = ((perChannel * bits) + 7) >> 3;
                for (int o = 0; o < channels; o++)
                {
                    for (int i = 0; i < perChannel; i++)
                    {
                        *target++ = (sbyte)Code(source + ((long)o * stride), bits, i);
                    }
                }
            }
        }

        // [block of output channels][run][step of four codes][output channel of the block][4]; what sticks out is zero.
        private static void Interleaved4(byte* source, int bits, int channels, int perChannel, int run, int block, sbyte* target)
        {
            unchecked
            {
                int stride = ((perChannel * bits) + 7) >> 3;
                for (int first = 0; first < channels; first += block)
                {
                    for (int start = 0; start < perChannel; start += run)
                    {
                        for (int step = 0; step < run; step += 4)
                        {
                            for (int o = first; o < first + block; o++)
                            {
                                for (int i = step; i < step + 4; i++)
                                {
                                    *target++ = o < channels && i < run ? (sbyte)Code(source + ((long)o * stride), bits, start + i) : (sbyte)0;
                                }
                            }
                        }
                    }
                }
            }
        }
        """;
}
