using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints the input step.</summary>
internal static class InputEmitter
{
    /// <summary>C# type of what the caller passes: bytes for pixels, otherwise the narrowest type that holds the codes.</summary>
    public static string CallerType(InputStep step) => step.Tables.Count > 0 ? "byte" : CodeText.TypeOf(step.Target.Tensor.Element);

    /// <summary>Name of what the caller passes.</summary>
    public static string CallerName(InputStep step) => step.Tables.Count > 0 ? "pixels" : "codes";

    public static Method Method(InputStep step)
    {
        Tensor tensor = step.Target.Tensor;
        Shape shape = tensor.Shape;
        string what = step.Tables.Count > 0 ? "pixels to input codes, by table" : $"the caller's codes, clamped to [{tensor.Lo}, {tensor.Hi}]";
        return new Method(
            $"Input_{shape}",
            $"Brings {shape} {what}.",
            [
                new($"{CallerType(step)}*", "source", CallerName(step)),
                new($"{CodeText.TypeOf(step.Target.Element)}*", "output", CodeText.Arena(step.Target.Element, step.Target.Offset)),
                .. WorkText.Range(step.Work),
            ],
            (writer, _) =>
            {
                if (step.Tables.Count == 0)
                {
                    WriteRows(writer, step, value => StoredCode(step, value));
                    return;
                }

                string type = CodeText.TypeOf(step.Target.Element);
                writer.Line($"global::System.ReadOnlySpan<{type}> tables =\n[");
                foreach (EquatableArray<int> table in step.Tables)
                {
                    foreach (string line in SourceWriter.Numbers(table).Split('\n'))
                    {
                        writer.Line($"    {line.TrimEnd(',')},");
                    }
                }

                writer.Line("];");
                using (writer.Block($"fixed ({type}* table = tables)"))
                {
                    WriteRows(writer, step, value => step.Tables.Count == 1 ? $"table[{value}]" : $"table[(c * 256) + {value}]");
                }
            });
    }

    private static void WriteRows(SourceWriter writer, InputStep step, Func<string, string> stored)
    {
        Shape shape = step.Target.Tensor.Shape;
        bool channels = step.Tables.Count > 1;
        int rowStride = step.Target.RowStride / step.Target.ElementSize;
        using (writer.Block("for (int y = first; y < end; y++)"))
        {
            writer.Line($"{CallerType(step)}* from = source + (y * {shape.Width * shape.Channels});");
            writer.Line($"{CodeText.TypeOf(step.Target.Element)}* to = output + (y * {rowStride});");
            if (!channels)
            {
                bool vectors = WriteVectors(writer, step, shape.Width * shape.Channels);
                using (writer.Block($"for ({(vectors ? "" : "int i = 0")}; i < {shape.Width * shape.Channels}; i++)"))
                {
                    writer.Line($"to[i] = {stored("from[i]")};");
                }

                return;
            }

            using (writer.Block($"for (int x = 0; x < {shape.Width}; x++)"))
            {
                if (shape.Channels <= EmitLimits.MaxUnrolledChannels)
                {
                    for (int c = 0; c < shape.Channels; c++)
                    {
                        writer.Line($"to[{c}] = {stored($"from[{c}]").Replace("(c * 256)", CodeText.Number(256 * c)).Replace("[0 + ", "[")};");
                    }
                }
                else
                {
                    using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                    {
                        writer.Line($"to[c] = {stored("from[c]")};");
                    }
                }

                writer.Blank();
                writer.Line($"from += {shape.Channels};");
                writer.Line($"to += {shape.Channels};");
            }
        }
    }

    // Sixteen codes at a time, where the caller's are bytes: the loop over the rest goes on at i.
    private static bool WriteVectors(SourceWriter writer, InputStep step, int count)
    {
        const int lanes = 16;
        Tensor tensor = step.Target.Tensor;
        if (step.Tables.Count > 0 || tensor.Element is not (ElementType.UInt8 or ElementType.Int8) || step.Target.ElementSize != 1 || count < lanes)
        {
            return false;
        }

        string type = CallerType(step);
        string Number(int value) => $"Vector128.Create(({type}){(tensor.Element == ElementType.Int8 ? (sbyte)value : (byte)value)})";
        (long lo, long hi) = RangeOf(tensor.Element);
        string codes = "Vector128.Load(from + i)";
        codes = tensor.Lo > lo ? $"Vector128.Max({codes}, {Number(tensor.Lo)})" : codes;
        codes = tensor.Hi < hi ? $"Vector128.Min({codes}, {Number(tensor.Hi)})" : codes;
        codes = step.Target.CodeOffset != 0 ? $"({codes} + {Number(step.Target.CodeOffset)})" : codes;
        writer.Line("int i = 0;");
        using (writer.Block($"for (; Vector128.IsHardwareAccelerated && i <= {count - lanes}; i += {lanes})"))
        {
            writer.Line($"{codes}.As{(step.Target.Element == ElementType.Int8 ? "SByte" : "Byte")}().Store(to + i);");
        }

        return true;
    }

    private static (long Lo, long Hi) RangeOf(ElementType element) => element switch
    {
        ElementType.UInt8 => (0L, 255L),
        ElementType.Int8 => (-128, 127),
        ElementType.Int16 => (short.MinValue, short.MaxValue),
        _ => (int.MinValue, int.MaxValue),
    };

    private static string StoredCode(InputStep step, string value)
    {
        Tensor tensor = step.Target.Tensor;
        (long lo, long hi) = RangeOf(tensor.Element);
        string code = CodeText.Clamp($"(int){value}", new Clamp(tensor.Lo, tensor.Hi, lo < tensor.Lo, hi > tensor.Hi)) + CodeText.Plus(step.Target.CodeOffset);
        return $"({CodeText.TypeOf(step.Target.Element)})({code})";
    }
}
