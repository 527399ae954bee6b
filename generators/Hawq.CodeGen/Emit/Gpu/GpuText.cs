using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Small pieces of text that several kernels share.</summary>
internal static class GpuText
{
    private const int MagicShift = 16;

    /// <summary>Declares image, y and x of the output pixel and top and left of its first tap.</summary>
    public static void PixelPlace(SourceWriter w, ConvGeometry g)
    {
        int area = g.Output.Height * g.Output.Width;
        w.Line($"int image = pixel / {area};");
        w.Line($"int y = (pixel - (image * {area})) / {g.Output.Width};");
        w.Line($"int x = pixel - (image * {area}) - (y * {g.Output.Width});");
        w.Line($"int top = (y * {g.Stride.Height}) - {g.Padding.Top};");
        w.Line($"int left = (x * {g.Stride.Width}) - {g.Padding.Left};");
    }

    /// <summary>
    /// A small number divided by a constant, as an expression: a shift, or a multiplication and a shift where that is the same for every number in [0, largest]. A
    /// division costs some 20 instructions, and inner loops have it.
    /// </summary>
    public static string Divide(string value, int divisor, int largest)
    {
        if (divisor == 1)
        {
            return value;
        }

        if ((divisor & (divisor - 1)) == 0)
        {
            return $"({value} >> {Log2(divisor)})";
        }

        int magic = ((1 << MagicShift) / divisor) + 1;
        bool exact = (long)largest * magic <= int.MaxValue;
        for (int i = 0; exact && i <= largest; i++)
        {
            exact = (i * magic) >> MagicShift == i / divisor;
        }

        return exact ? $"(({value} * {magic}) >> {MagicShift})" : $"({value} / {divisor})";
    }

    /// <summary>Logarithm of a power of two.</summary>
    public static int Log2(int powerOfTwo)
    {
        int log = 0;
        while (1 << log < powerOfTwo)
        {
            log++;
        }

        return log;
    }
}
