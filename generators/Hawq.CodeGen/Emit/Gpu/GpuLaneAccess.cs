using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Loads and stores of 4, 8 or 16 neighbouring channels of a pixel, packed and unpacked by inline PTX: CUDA only.</summary>
internal static class GpuLaneAccess
{
    private const int WordBits = 32;

    /// <summary>Declares {prefix}0.. as the codes of neighbouring channels.</summary>
    public static void Load(SourceWriter w, GpuTensor tensor, string view, string prefix, int channels, string pixel, string channel)
    {
        int perWord = WordBits / tensor.ElementBits;
        Words(w, tensor, channels, pixel, channel, (type, count, index, first) =>
        {
            string name = $"{prefix}Words{first}";
            w.Line($"{type} {name} = {view}.Cast<{type}>()[{index}];");
            for (int i = 0; i < count; i++)
            {
                string word = count == 1 ? name : $"{name}.{"XYZW"[i]}";
                for (int j = 0; j < perWord && (((first + i) * perWord) + j) < channels; j++)
                {
                    w.Line($"int {prefix}{((first + i) * perWord) + j} = {Extract(tensor.Element, word, j)};");
                }
            }
        });
    }

    /// <summary>Stores {prefix}0.., values relative to the zero point; codes outside of the element's range saturate.</summary>
    public static void Store(SourceWriter w, GpuTensor tensor, string view, string prefix, int channels, string pixel, string channel)
    {
        int perWord = WordBits / tensor.ElementBits;
        string Code(int i) => GpuEpilogueWriter.Relative($"{prefix}{i}", -tensor.Tensor.ZeroPoint);
        Words(w, tensor, channels, pixel, channel, (type, count, index, first) =>
        {
            for (int i = first; i < first + count; i++)
            {
                if (perWord == 1)
                {
                    w.Line($"int packed{i} = {Code(i)};");
                    continue;
                }

                // The highest pair first: every pack moves what is there already up.
                int codes = Math.Min(perWord, channels - (i * perWord));
                string below = "0";
                for (int pair = codes - 2; pair >= 0; pair -= 2)
                {
                    int at = (i * perWord) + pair;
                    string target = pair == 0 ? $"packed{i}" : $"packed{i}_{pair}";
                    w.Line(perWord == 2
                        ? $"CudaAsm.Emit(\"cvt.pack.sat.s16.s32 %0, %1, %2;\", out int {target}, {Code(at + 1)}, {Code(at)});"
                        : $"CudaAsm.Emit(\"cvt.pack.sat.{Type(tensor.Element)}.s32.b32 %0, %1, %2, %3;\", out int {target}, {Code(at + 1)}, {Code(at)}, {below});");
                    below = target;
                }
            }

            string value = count == 1
                ? type == "int" ? $"packed{first}" : $"({type})packed{first}"
                : $"new {type} {{ {string.Join(", ", Enumerable.Range(0, count).Select(i => $"{"XYZW"[i]} = packed{first + i}"))} }}";
            w.Line($"{view}.Cast<{type}>()[{index}] = {value};");
        });
    }

    /// <summary>Whether the saturation of <see cref="Store"/> is the store's clamp.</summary>
    public static bool PackClamps(GpuStore store)
    {
        (int Lo, int Hi)? range = store.Target.Element switch
        {
            GpuElement.U4 => (0, 15),
            GpuElement.U8 => (0, 255),
            GpuElement.S8 => (sbyte.MinValue, sbyte.MaxValue),
            GpuElement.S16 => (short.MinValue, short.MaxValue),
            _ => null,
        };
        int zero = store.Target.Tensor.ZeroPoint;
        return range == (store.Clamp.Lo + zero, store.Clamp.Hi + zero);
    }

    /// <summary>
    /// Declares <paramref name="target"/> as a value times a literal multiplier. One multiply-add does product and rounding: of the upper half alone, or of all 64 bits where the shift is smaller.
    /// </summary>
    public static void Requantize(SourceWriter w, string target, string value, Requantizer requantizer)
    {
        if (requantizer.Form == RequantizeForm.Identity)
        {
            w.Line($"int {target} = {value};");
            return;
        }

        (int multiplier, int shift) = (requantizer.Scalar.Multiplier, requantizer.Scalar.Shift);
        string ptx = requantizer is { Form: RequantizeForm.HighHalf, PreShift: 0 }
            ? $".reg .b32 h; mad.hi.s32 h, %1, {multiplier}, {requantizer.Rounding(requantizer.Scalar)}; shr.s32 %0, h, {requantizer.FinalShift(requantizer.Scalar)};"
            : $".reg .b64 p; mul.wide.s32 p, %1, {multiplier}; add.s64 p, p, {1L << (shift - 1)}; shr.s64 p, p, {shift}; cvt.u32.u64 %0, p;";
        w.Line($"CudaAsm.Emit(\"{{ {ptx} }}\", out int {target}, {value});");
    }

    /// <summary>Calls <paramref name="access"/> with type, number of words, index and first word for every access of up to 16 bytes.</summary>
    private static void Words(SourceWriter w, GpuTensor tensor, int channels, string pixel, string channel, Action<string, int, string, int> access)
    {
        int bits = channels * tensor.ElementBits;
        int words = Math.Max(1, bits / WordBits);
        int perAccess = Math.Min(words, 4);
        string type = bits switch { 16 => "short", 32 => "int", 64 => "Word2", _ => "Word4" };
        int perIndex = Math.Min(channels, perAccess * WordBits / tensor.ElementBits);
        for (int first = 0; first < words; first += perAccess)
        {
            access(type, perAccess, $"((({pixel} * {tensor.Channels}) + {channel}) >> {GpuText.Log2(perIndex)}){(first == 0 ? "" : $" + {first / perAccess}")}", first);
        }
    }

    private static string Type(GpuElement element) => element switch { GpuElement.U4 => "u4", GpuElement.U8 => "u8", _ => "s8" };

    private static string Extract(GpuElement element, string word, int i) => element switch
    {
        GpuElement.U4 => $"({word} >> {4 * i}) & 15",
        GpuElement.U8 => $"({word} >> {8 * i}) & 255",
        GpuElement.S8 => i == 3 ? $"{word} >> 24" : $"{word} << {24 - (8 * i)} >> 24",
        GpuElement.S16 => i == 0 ? $"(short){word}" : $"{word} >> 16",
        _ => word,
    };
}
