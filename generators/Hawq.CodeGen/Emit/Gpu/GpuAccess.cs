using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Prints loads and stores of codes. Every view is of 32-bit words and is cast to the element.</summary>
internal static class GpuAccess
{
    /// <summary>C# type of a stored code.</summary>
    public static string TypeOf(GpuElement element) => element switch
    {
        GpuElement.U4 or GpuElement.U8 => "byte",
        GpuElement.S8 => "sbyte",
        GpuElement.S16 => "short",
        _ => "int",
    };

    /// <summary>One code, as an expression.</summary>
    public static string Load(GpuTensor tensor, string view, string pixel, string channel)
    {
        string at = $"({pixel}) * {tensor.Channels} + {channel}";
        return tensor.Element == GpuElement.U4
            ? $"(({view}.Cast<byte>()[({at}) >> 1] >> ((({channel}) & 1) * 4)) & 15)"
            : $"{view}.Cast<{TypeOf(tensor.Element)}>()[{at}]";
    }

    /// <summary>The first or second channel of a pair; of an odd number of channels the last one stands in for the one behind it.</summary>
    public static string Channel(GpuTensor tensor, int index)
    {
        int channels = tensor.Tensor.Shape.Channels;
        return index == 0 ? "channel" : channels % 2 == 0 ? "channel + 1" : $"IntrinsicMath.Min(channel + 1, {channels - 1})";
    }

    /// <summary>Declares {prefix}0 and {prefix}1 as the codes of two neighbouring channels, the first of them even.</summary>
    public static void LoadPair(SourceWriter w, GpuTensor tensor, string view, string prefix, string pixel, string channel)
    {
        string pair = $"(({pixel}) * {tensor.Channels} + {channel}) >> 1";
        switch (tensor.Element)
        {
            case GpuElement.U4:
                w.Line($"int {prefix}Pair = {view}.Cast<byte>()[{pair}];");
                w.Line($"int {prefix}0 = {prefix}Pair & 15;");
                w.Line($"int {prefix}1 = {prefix}Pair >> 4;");
                break;
            case GpuElement.U8:
                w.Line($"int {prefix}Pair = {view}.Cast<short>()[{pair}];");
                w.Line($"int {prefix}0 = {prefix}Pair & 255;");
                w.Line($"int {prefix}1 = ({prefix}Pair >> 8) & 255;");
                break;
            case GpuElement.S8:
                w.Line($"int {prefix}Pair = {view}.Cast<short>()[{pair}];");
                w.Line($"int {prefix}0 = (sbyte){prefix}Pair;");
                w.Line($"int {prefix}1 = {prefix}Pair >> 8;");
                break;
            case GpuElement.S16:
                w.Line($"int {prefix}Pair = {view}[{pair}];");
                w.Line($"int {prefix}0 = (short){prefix}Pair;");
                w.Line($"int {prefix}1 = {prefix}Pair >> 16;");
                break;
            default:
                w.Line($"int {prefix}0 = {view}[({pixel}) * {tensor.Channels} + {channel}];");
                w.Line($"int {prefix}1 = {view}[({pixel}) * {tensor.Channels} + {channel} + 1];");
                break;
        }
    }

    /// <summary>Stores s0 and s1 as the codes of two neighbouring channels.</summary>
    public static void StorePair(SourceWriter w, GpuTensor tensor, string view, string pixel, string channel)
    {
        string pair = $"(({pixel}) * {tensor.Channels} + {channel}) >> 1";
        switch (tensor.Element)
        {
            case GpuElement.U4:
                w.Line($"{view}.Cast<byte>()[{pair}] = (byte)(s0 | (s1 << 4));");
                break;
            case GpuElement.U8 or GpuElement.S8:
                w.Line($"{view}.Cast<short>()[{pair}] = (short)((s0 & 255) | (s1 << 8));");
                break;
            case GpuElement.S16:
                w.Line($"{view}[{pair}] = (s0 & 65535) | (s1 << 16);");
                break;
            default:
                w.Line($"{view}[({pixel}) * {tensor.Channels} + {channel}] = s0;");
                w.Line($"{view}[({pixel}) * {tensor.Channels} + {channel} + 1] = s1;");
                break;
        }
    }
}
