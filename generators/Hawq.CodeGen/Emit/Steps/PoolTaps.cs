using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints loops over the taps of a pooling window.</summary>
internal static class PoolTaps
{
    /// <summary>
    /// Declares the taps of pixel (y, x) that lie inside the input: rows [top, bottom) and columns [left, right) of the window, and their number,
    /// count. For windows without dilation.
    /// </summary>
    public static void WriteRanges(SourceWriter writer, TensorStorage source, PoolWindow window, Shape output)
    {
        Shape input = source.Tensor.Shape;
        Range("top", "bottom", "y", window.Kernel.Height, window.Stride.Height, window.Padding.Top, window.Padding.Bottom, input.Height);
        Range("left", "right", output.Width == 1 ? "0" : "x", window.Kernel.Width, window.Stride.Width, window.Padding.Left, window.Padding.Right, input.Width);

        void Range(string first, string end, string at, int kernel, int stride, int before, int after, int size)
        {
            string start = at == "0" ? "0" : CodeText.Times(at, stride);
            writer.Line(before == 0 ? $"const int {first} = 0;" : $"int {first} = global::System.Math.Max(0, {before} - ({start}));");
            writer.Line(before == 0 && after == 0 ? $"const int {end} = {kernel};" : $"int {end} = global::System.Math.Min({kernel}, {size + before} - ({start}));");
        }
    }

    /// <summary>Loops over the taps of <see cref="WriteRanges"/>; the body finds the tap's pixel at <c>tap</c>, a pointer into the input.</summary>
    public static void WriteInside(SourceWriter writer, TensorStorage source, PoolWindow window, Shape output, Action body)
    {
        string type = CodeText.TypeOf(source.Element);
        int row = source.RowStride / source.ElementSize;
        int pixel = source.PixelStride / source.ElementSize;
        string y = CodeText.Sum(CodeText.Times("y", window.Stride.Height), "ky") + CodeText.Plus(-window.Padding.Top);
        string x = CodeText.Sum(output.Width == 1 ? "0" : CodeText.Times("x", window.Stride.Width), "left") + CodeText.Plus(-window.Padding.Left);
        using (writer.Block("for (int ky = top; ky < bottom; ky++)"))
        {
            writer.Line($"{type}* tap = input + ({CodeText.Times($"({y})", row)}) + ({CodeText.Times($"({x})", pixel)}) + c;");
            using (writer.Block($"for (int kx = left; kx < right; kx++, tap += {pixel})"))
            {
                body();
            }
        }
    }

    /// <summary>Loops over the taps inside the input; <paramref name="tap"/> finds them at (row, column).</summary>
    public static void WriteTaps(SourceWriter writer, TensorStorage source, PoolWindow window, Shape output, Action tap)
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

    /// <summary>The window in a name.</summary>
    public static string Size(PoolWindow window) => $"{window.Kernel}{(window.Stride == new Size2(1, 1) ? string.Empty : $"S{window.Stride}")}";

    /// <summary>The window in a sentence.</summary>
    public static string Describe(PoolWindow window) =>
        $"{window.Kernel}, stride {window.Stride}, pad {window.Padding}{(window.Dilation == new Size2(1, 1) ? string.Empty : $", dilation {window.Dilation}")}";
}
