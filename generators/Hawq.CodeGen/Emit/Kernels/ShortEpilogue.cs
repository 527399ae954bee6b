using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// The part of a <see cref="KernelEpilogue"/> that computes in int16 lanes, where the plan has one (<see cref="ShortLanes"/>): from the sum with the residual
/// on. Sixteen channels are one 32-byte vector (or two of 16 bytes), thirty-two are one of 64 bytes.
/// </summary>
internal sealed class ShortEpilogue(Epilogue plan, ShortLanes shorts, VectorTier tier, EpilogueScalars scalars, int channels)
{
    private int Whole => Math.Max(VectorTier.BlockChannels, channels);

    private int Lanes => Math.Min(tier.Bytes / sizeof(short), Whole);

    private string Vector => $"Vector{16 * Lanes}";

    /// <summary>Writes the statements from the int32 vectors <paramref name="ints"/> to the stores; they hold the value, or already the sum.</summary>
    public void Write(SourceWriter writer, string[] ints)
    {
        string[] sums = [.. Enumerable.Range(0, Whole / Lanes).Select(i => $"s{i}")];
        int perSum = ints.Length / sums.Length;
        for (int i = 0; i < sums.Length; i++)
        {
            string narrow = $"{tier.Class}.Shorts({string.Join(", ", ints.Skip(i * perSum).Take(perSum))})";
            if (shorts.Operand is { } form)
            {
                string operand = $"{Vector}.Load((short*){(i == 0 ? "other" : $"(other + {i * Lanes * sizeof(short)})")})";
                narrow = $"{tier.Class}.AddSaturated({narrow}, {Rescale(operand, form, "residual")})";
            }

            writer.Line($"{Vector}<short> {sums[i]} = {narrow};");
        }

        WriteClamp(writer, sums, plan.Residual!.Clamp, 0, short.MinValue, short.MaxValue);
        for (int i = 0; i < plan.Stores.Count; i++)
        {
            WriteStore(writer, sums, i);
        }
    }

    private void WriteStore(SourceWriter writer, string[] sums, int index)
    {
        Store store = plan.Stores[index];
        ShortForm form = shorts.Stores[index];
        TensorStorage target = store.Target;
        writer.Line($"// Store {target.Tensor.TypeName} codes.");
        string[] values = sums;
        bool bytes = target.Element == ElementType.UInt8;
        int zero = target.StoredZero;
        if (form != ShortForm.Identity || zero != 0 || store.Clamp.Needed)
        {
            values = [.. sums.Select(sum => $"{sum}_{index}")];
            for (int i = 0; i < values.Length; i++)
            {
                string value = Rescale(sums[i], form, ScalarEpilogue.OutputName(plan, index));
                writer.Line($"{Vector}<short> {values[i]} = {value}{(zero == 0 ? "" : $" + {Constant(zero)}")};");
            }
        }

        // Bytes saturate to [0, 255]; the rest of an upper bound is cheaper once they are narrow.
        bool low = store.Clamp.Low && store.Clamp.Lo + zero > 0;
        bool narrowHigh = bytes && store.Clamp.High && store.Clamp.Hi + zero < 255 && !low;
        (int lo, int hi) = bytes ? (0, narrowHigh ? int.MinValue : 255) : (short.MinValue, short.MaxValue);
        WriteClamp(writer, values, store.Clamp, zero, lo, hi);
        if (bytes)
        {
            string narrow = $"{tier.Class}.Bytes({string.Join(", ", values)})";
            KernelEpilogue.WriteBytes(writer, narrow, narrowHigh ? store.Clamp.Hi + zero : null, index, channels);
        }
        else
        {
            KernelEpilogue.WriteShorts(writer, values, Lanes, index, channels);
        }
    }

    // What the machine's own bounds [lo, hi] do not cut off.
    private void WriteClamp(SourceWriter writer, string[] values, Clamp clamp, int zero, int lo, int hi)
    {
        bool low = clamp.Low && clamp.Lo + zero > lo;
        bool high = clamp.High && clamp.Hi + zero < hi;
        foreach (string value in low || high ? values : [])
        {
            string expression = high ? $"{Vector}.Min({value}, {Constant(clamp.Hi + zero)})" : value;
            string bound = clamp.Lo + zero == 0 ? $"{Vector}<short>.Zero" : Constant(clamp.Lo + zero);
            writer.Line($"{value} = {(low ? $"{Vector}.Max({expression}, {bound})" : expression)};");
        }
    }

    private string Constant(int value) => $"{Vector}.Create((short){CodeText.Number(value)})";

    private string Rescale(string value, ShortForm form, string name) => form switch
    {
        ShortForm.Identity => value,
        ShortForm.Narrow => $"{tier.Class}.Rescale({value}, {scalars[name]})",
        _ => $"{tier.Class}.RescaleSplit({value}, {scalars[name]})",
    };
}
