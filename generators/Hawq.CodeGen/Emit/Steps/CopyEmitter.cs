using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints slices and pads.</summary>
internal static class CopyEmitter
{
    public static Method Method(CopyStep step)
    {
        string type = CodeText.TypeOf(step.Source.Element);
        Shape from = step.Source.Tensor.Shape;
        Shape to = step.Target.Tensor.Shape;
        int start = step.Source.Offset + (step.Start.Height * step.Source.RowStride) + (step.Start.Width * step.Source.PixelStride)
            + (step.StartChannel * step.Source.ElementSize);
        return new Method(
            $"Copy_{from}_To{to}_{CodeText.Tag(step.Source.Tensor)}",
            $"Copies every {Ordinal(step.Step.Height)} row and every {Ordinal(step.Step.Width)} column of {CodeText.Describe(step.Source)} to "
            + $"rows {Range(step.Rows)}, columns {Range(step.Columns)}, channels {Range(step.Channels)} of {to}; the rest is zero.",
            [
                new($"{type}*", "input", CodeText.Arena(step.Source.Element, start)),
                new($"{type}*", "output", CodeText.Arena(step.Target.Element, step.Target.Offset)),
                .. WorkText.Range(step.Work),
            ],
            (writer, _) => WriteBody(writer, step, type));
    }

    private static void WriteBody(SourceWriter writer, CopyStep step, string type)
    {
        int size = step.Source.ElementSize;
        int rowStride = step.Target.RowStride / size;
        int pixelStride = step.Target.PixelStride / size;
        Shape to = step.Target.Tensor.Shape;
        bool everything = step.Rows.Count == to.Height && step.Columns.Count == to.Width && step.Channels.Count == to.Channels;
        using (writer.Block("for (int y = first; y < end; y++)"))
        {
            writer.Line($"{type}* row = output + (y * {rowStride});");
            if (!everything)
            {
                Clear(writer, step, to.Width * pixelStride);
                writer.Blank();
            }

            if (step.Rows.Count != to.Height)
            {
                using (writer.Block($"if (y < {step.Rows.First} || y >= {step.Rows.First + step.Rows.Count})"))
                {
                    writer.Line("continue;");
                }

                writer.Blank();
            }

            string source = step.Rows.First == 0 ? "y" : $"(y - {step.Rows.First})";
            writer.Line($"{type}* from = input + ({CodeText.Times(source, (long)step.Step.Height * step.Source.RowStride / size)});");
            int first = (step.Columns.First * pixelStride) + step.Channels.First;
            writer.Line(first == 0 ? $"{type}* to = row;" : $"{type}* to = row + {first};");
            using (writer.Block($"for (int x = 0; x < {step.Columns.Count}; x++)"))
            {
                CopyPixel(writer, step.Channels.Count, size);
                writer.Line($"from += {step.Step.Width * step.Source.PixelStride / size};");
                writer.Line($"to += {pixelStride};");
            }
        }
    }

    private static void Clear(SourceWriter writer, CopyStep step, int count)
    {
        if (step.Target.ElementSize == 1 || step.Target.StoredZero == 0)
        {
            writer.Line($"global::System.Runtime.InteropServices.NativeMemory.Fill(row, {count * step.Target.ElementSize}, {step.Target.StoredZero});");
            return;
        }

        using (writer.Block($"for (int i = 0; i < {count}; i++)"))
        {
            writer.Line($"row[i] = {step.Target.StoredZero};");
        }
    }

    private static void CopyPixel(SourceWriter writer, int channels, int size)
    {
        int bytes = channels * size;
        int perVector = 16 / size;
        if (bytes > EmitLimits.MaxInlineCopy)
        {
            writer.Line($"global::System.Runtime.InteropServices.NativeMemory.Copy(from, to, {bytes});");
            return;
        }

        for (int c = 0; c + perVector <= channels; c += perVector)
        {
            string at = c == 0 ? string.Empty : $" + {c}";
            writer.Line($"{Vectors}.Store({Vectors}.Load(from{at}), to{at});");
        }

        int rest = channels / perVector * perVector;
        if (rest < channels)
        {
            using (writer.Block($"for (int c = {rest}; c < {channels}; c++)"))
            {
                writer.Line("to[c] = from[c];");
            }

            writer.Blank();
        }
    }

    private const string Vectors = "global::System.Runtime.Intrinsics.Vector128";

    private static string Ordinal(int step) => step switch { 1 => "single", 2 => "second", 3 => "third", _ => $"{step}th" };

    private static string Range(IndexRange range) => range.Count == 0 ? "none" : $"{range.First} to {range.First + range.Count - 1}";
}
