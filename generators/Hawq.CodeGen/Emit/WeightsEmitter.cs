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
                if (plan.Steps.OfType<ConvStep>().Any(step => step.Geometry.Stride.Height > 1 && step.Kernels.Any(kernel => kernel.Packing == WeightPacking.Winograd4)))
                {
                    writer.Blank();
                    writer.Line(KernelPacking.WinogradPhases);
                }
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
            long unpacked = plan.Steps.OfType<ConvStep>().Select(step => step.Weights.Source).Where(w => w.Bits < 8)
                .Select(w => (long)w.OutputChannels * w.PerChannel).DefaultIfEmpty(0).Max();
            writer.Line(unpacked == 0 ? "sbyte* scratch = null;" : $"sbyte* scratch = (sbyte*)global::System.Runtime.InteropServices.NativeMemory.Alloc({unpacked});");
            foreach (ConvStep step in plan.Steps.OfType<ConvStep>())
            {
                writer.Line($"{MethodName(step)}(source, scratch, block);");
            }

            WriteShifts(writer, plan);
            if (unpacked > 0)
            {
                writer.Line("global::System.Runtime.InteropServices.NativeMemory.Free(scratch);");
            }

            writer.Line("return block;");
        }
    }

    // The 16-byte kernels of SSE4.1 have tables of another form; they run where none of the better tiers does.
    private static void WriteShifts(SourceWriter writer, NetworkPlan plan)
    {
        foreach (IGrouping<string, ConvStep> same in plan.Steps.OfType<ConvStep>().Where(step => step.Kernels.Any(IsShort))
            .GroupBy(step => string.Join(" && ", [.. step.Kernels.TakeWhile(kernel => !IsShort(kernel)).Select(kernel => $"!{Tiers.IsSupported(kernel.Tier)}"), Tiers.IsSupported(InstructionSet.Vector128)])))
        {
            using (writer.Block($"if ({same.Key})"))
            {
                foreach (ConvStep step in same)
                {
                    writer.Line($"ShiftsToMultipliers((int*)(block + {step.Weights.TableOffset + (4 * step.Weights.PaddedChannels * sizeof(int))}), {step.Weights.PaddedChannels});");
                }
            }
        }

        static bool IsShort(KernelChoice kernel) => kernel.Tier == InstructionSet.Vector128;
    }

    private static void WriteLayer(SourceWriter writer, ConvStep step)
    {
        LinearWeights w = step.Weights;
        WeightTensor source = w.Source;
        Requantizer requantize = step.Epilogue.Requantize!;
        writer.Blank();
        writer.Line($"// {step.Name}: {source.OutputChannels} channels of {source.PerChannel} weights, {source.Bits} bits each.");
        using (writer.Block($"private static void {MethodName(step)}(byte* source, sbyte* scratch, byte* block)"))
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

            string sizes = $"{source.OutputChannels}, {source.PerChannel}";
            writer.Line($"sbyte* codes = Codes(source + {source.Offset}, {source.Bits}, {sizes}, scratch);");
            string form = CodeText.Number(requantize.Form switch
            {
                RequantizeForm.HighHalf => requantize.PreShift,
                RequantizeForm.Int32 => -2 - requantize.Dropped,
                _ => -1,
            });
            writer.Line($"Table((int*)(block + {w.TableOffset}), {w.PaddedChannels}, codes, {sizes}, {step.Input.StoredZero}, {form}, {tables});");
            WritePacking(writer, step, sizes);
        }
    }

    /// <summary>Packs the weights for the tier that will run; tiers with the same packing share a branch.</summary>
    private static void WritePacking(SourceWriter writer, ConvStep step, string sizes)
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

        string Call(InstructionSet tier) => PackCall(step, step.Kernels.Single(kernel => kernel.Tier == tier), sizes, target);
    }

    private static string PackCall(ConvStep step, KernelChoice kernel, string sizes, string target) => kernel.Packing switch
    {
        WeightPacking.Rows => $"global::System.Buffer.MemoryCopy(codes, {target}, {(long)step.Weights.Source.OutputChannels * step.Weights.Source.PerChannel}, {(long)step.Weights.Source.OutputChannels * step.Weights.Source.PerChannel});",
        WeightPacking.Interleaved4 =>
            $"Interleaved4(codes, {sizes}, {step.Geometry.RunLength}, {VectorTier.BlockChannels}, {target});" + VectorKernels.PackingText(step, kernel, target),
        WeightPacking.Winograd4 => WinogradKernel.PackingText(step, kernel.Tier, target),
        WeightPacking.TapMajor => $"PairedRows(codes, {sizes}, {step.Geometry.Kernel.Height}, {step.Geometry.Kernel.Width}, (short*)({target}));",
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

        writer.Line($"global::System.ReadOnlySpan<{type}> {name} = [");
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
        // The weights as signed bytes, [output channel][weight]: in place where they are stored so, else unpacked into the scratch memory. Fields are
        // two's complement, lowest bits first; every channel starts at a byte.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static sbyte* Codes(byte* source, int bits, int channels, int perChannel, sbyte* scratch)
        {
            if (bits == 8)
            {
                return (sbyte*)source;
            }

            unchecked
            {
                int stride = ((perChannel * bits) + 7) >> 3;
                for (int o = 0; o < channels; o++, source += stride)
                {
                    sbyte* target = scratch + ((long)o * perChannel);
                    int i = 0;
                    for (; bits == 4 && i + 8 <= perChannel; i += 8)
                    {
                        // Eight fields at once: spread to a byte each, then (field ^ 8) - 8, the high bits keeping borrows apart.
                        ulong x = *(uint*)(source + (i >> 1));
                        x = (x | (x << 16)) & 0x0000FFFF0000FFFF;
                        x = (x | (x << 8)) & 0x00FF00FF00FF00FF;
                        x = (x | (x << 4)) & 0x0F0F0F0F0F0F0F0F;
                        x = ((x ^ 0x0808080808080808) | 0x8080808080808080) - 0x0808080808080808;
                        *(ulong*)(target + i) = x ^ 0x8080808080808080;
                    }

                    for (; i < perChannel; i++)
                    {
                        int bit = i * bits;
                        target[i] = (sbyte)(source[bit >> 3] << (24 - (bit & 7)) << (8 - bits) >> (32 - bits));
                    }
                }

                return scratch;
            }
        }

        // Five arrays per layer: bias with the input's stored zero folded in (bias - zero * sum of weights), multiplier, the odd channels'
        // multipliers at the even places, rounding term and final shift. preShift is -1 where requantize is computed in 64 bits, and -2 - t where the
        // multipliers are divided by 2^t and it is computed in 32: then the rounding term holds the bias, multiplied, and its own place the multiplier
        // twice, as a pair of int16.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Table(
            int* table, int padded, sbyte* codes, int channels, int perChannel, int storedZero, int preShift,
            global::System.ReadOnlySpan<int> bias, global::System.ReadOnlySpan<int> multipliers, global::System.ReadOnlySpan<byte> shifts)
        {
            unchecked
            {
                for (int o = 0; o < channels; o++, codes += perChannel)
                {
                    int sum = 0;
                    if (storedZero != 0)
                    {
                        for (int i = 0; i < perChannel; i++)
                        {
                            sum += codes[i];
                        }
                    }

                    int dropped = preShift < -1 ? -2 - preShift : preShift < 0 ? 0 : 32 - preShift;
                    table[o] = bias[o] - (storedZero * sum);
                    table[padded + o] = preShift < -1 ? multipliers[o] >> dropped : multipliers[o];
                    if ((o & 1) == 1)
                    {
                        table[(2 * padded) + o - 1] = multipliers[o];
                    }

                    table[(3 * padded) + o] = 1 << (shifts[o] - dropped - 1);
                    table[(4 * padded) + o] = shifts[o] - dropped;
                    if (preShift < -1)
                    {
                        table[(3 * padded) + o] += table[o] * table[padded + o];
                        table[o] = table[padded + o] * 65537;
                    }
                }
            }
        }

        // [block of output channels][run][step of four codes][output channel of the block][4]; what sticks out is zero.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Interleaved4(sbyte* codes, int channels, int perChannel, int run, int block, sbyte* target)
        {
            unchecked
            {
                for (int first = 0; first < channels; first += block)
                {
                    int rows = global::System.Math.Min(block, channels - first);
                    for (int start = 0; start < perChannel; start += run)
                    {
                        sbyte* from = codes + ((long)first * perChannel) + start;
                        for (int step = 0; step < run; step += 4, target += 4 * block)
                        {
                            int count = global::System.Math.Min(4, run - step);
                            if (count == 4 && rows == block)
                            {
                                for (int o = 0; o < block; o++)
                                {
                                    ((int*)target)[o] = *(int*)(from + ((long)o * perChannel) + step);
                                }

                                continue;
                            }

                            for (int o = 0; o < block; o++)
                            {
                                sbyte* code = from + ((long)o * perChannel) + step;
                                ((int*)target)[o] = o >= rows ? 0
                                    : count == 4 ? *(int*)code
                                    : (byte)code[0] | (count > 1 ? (byte)code[1] << 8 : 0) | (count > 2 ? (byte)code[2] << 16 : 0);
                            }
                        }
                    }
                }
            }
        }
        """;
}
