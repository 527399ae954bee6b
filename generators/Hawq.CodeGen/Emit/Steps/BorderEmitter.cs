using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints the filling of a border with the stored zero point.</summary>
internal static class BorderEmitter
{
    public static Method Method(TensorStorage storage)
    {
        Shape shape = storage.Tensor.Shape;
        Padding border = storage.Border;
        int head = storage.InteriorOffset;
        int interior = shape.Width * storage.PixelStride;
        int gap = storage.RowStride - interior;
        int tail = (border.Right * storage.PixelStride) + (border.Bottom * storage.RowStride);
        return new Method(
            $"FillBorder_{shape}",
            $"Fills the border ({border.Top} above, {border.Left} left, {border.Bottom} below, {border.Right} right) of {shape} bytes with {storage.StoredZero}, the stored zero.",
            [new("byte*", "buffer", CodeText.Arena(ElementType.UInt8, storage.Offset - head))],
            (writer, _) =>
            {
                Fill(writer, 0, head, storage);
                if (shape.Height > 1 && gap > 0)
                {
                    writer.Line($"byte* gap = buffer + {head + interior};");
                    using (writer.Block($"for (int y = 1; y < {shape.Height}; y++)"))
                    {
                        writer.Line($"global::System.Runtime.InteropServices.NativeMemory.Fill(gap, {gap}, {storage.StoredZero});");
                        writer.Line($"gap += {storage.RowStride};");
                    }

                    writer.Blank();
                }

                Fill(writer, head + ((shape.Height - 1) * storage.RowStride) + interior, tail, storage);
            });
    }

    private static void Fill(SourceWriter writer, int offset, int count, TensorStorage storage)
    {
        if (count > 0)
        {
            writer.Line($"global::System.Runtime.InteropServices.NativeMemory.Fill(buffer{CodeText.Plus(offset)}, {count}, {storage.StoredZero});");
        }
    }
}
