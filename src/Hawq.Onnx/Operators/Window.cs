using Hawq.Model;

namespace Hawq.Onnx.Operators;

/// <summary>The sliding window of a convolution or pooling node: attributes read and checked, auto_pad resolved to explicit padding.</summary>
/// <param name="Kernel">Rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Explicit padding, what ceil_mode reaches over included.</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Output">Output rows and columns.</param>
/// <param name="Given">Padding without what ceil_mode reaches over.</param>
internal sealed record Window(Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation, Size2 Output, Padding Given)
{
    /// <param name="node">The node.</param>
    /// <param name="input">Shape of its input.</param>
    /// <param name="kernel">Kernel size from the weights, or null to read kernel_shape (pooling).</param>
    /// <param name="isLine">Whether the node has one spatial dimension, which is the columns.</param>
    public static Window Read(NodeContext node, Shape input, Size2? kernel, bool isLine)
    {
        Size2 size = Pair(node, "kernel_shape", kernel, isLine);
        if (kernel is { } weights && weights != size)
        {
            throw node.Invalid($"attribute kernel_shape is {size}, but the weights are {weights}");
        }

        Size2 stride = Pair(node, "strides", new Size2(1, 1), isLine);
        Size2 dilation = Pair(node, "dilations", new Size2(1, 1), isLine);
        bool ceil = node.Int("ceil_mode", 0) != 0;
        long[]? pads = node.Ints("pads");
        string auto = node.String("auto_pad", "NOTSET");
        Padding padding = auto switch
        {
            "NOTSET" or "" => Explicit(node, pads, isLine),
            "VALID" => default,
            "SAME_UPPER" => Same(input, size, stride, dilation, extraAtEnd: true),
            "SAME_LOWER" => Same(input, size, stride, dilation, extraAtEnd: false),
            _ => throw node.Invalid($"attribute auto_pad is '{auto}'"),
        };

        int height = Outputs(input.Height, size.Height, stride.Height, dilation.Height, padding.Top, padding.Bottom, ceil, out int extraRows);
        int width = Outputs(input.Width, size.Width, stride.Width, dilation.Width, padding.Left, padding.Right, ceil, out int extraColumns);
        if (height < 1 || width < 1)
        {
            throw node.Invalid($"the kernel {size} (dilation {dilation}) is larger than its padded input {input}");
        }

        // ceil_mode lets the last window reach over the end: that is padding at the end, written out.
        Padding reached = padding with { Bottom = padding.Bottom + extraRows, Right = padding.Right + extraColumns };
        return new Window(size, stride, reached, dilation, new Size2(height, width), padding);
    }

    private static Padding Explicit(NodeContext node, long[]? pads, bool isLine) => pads switch
    {
        null => default,
        [long left, long right] when isLine => new(0, Pad(node, left), 0, Pad(node, right)),
        [long top, long left, long bottom, long right] when !isLine => new(Pad(node, top), Pad(node, left), Pad(node, bottom), Pad(node, right)),
        _ => throw node.Invalid($"attribute pads has {pads.Length} values; a window has two for each of its dimensions"),
    };

    private static int Pad(NodeContext node, long value) => node.Size(value, "attribute pads", 0, 1 << 16);

    internal static Size2 Pair(NodeContext node, string attribute, Size2? otherwise, bool isLine, int lo = 1)
    {
        int One(long value) => node.Size(value, $"attribute {attribute}", lo, 1 << 16);
        long[]? values = node.Ints(attribute);
        return values switch
        {
            null => otherwise ?? throw node.Invalid($"attribute {attribute} is missing"),
            [long width] when isLine => new(lo == 0 ? 0 : 1, One(width)),
            [long height, long width] when !isLine => new(One(height), One(width)),
            _ => throw node.Unsupported($"attribute {attribute} has {values.Length} values", "One- and two-dimensional windows are supported."),
        };
    }

    private static Padding Same(Shape input, Size2 kernel, Size2 stride, Size2 dilation, bool extraAtEnd)
    {
        (int top, int bottom) = Split(Total(input.Height, kernel.Height, stride.Height, dilation.Height), extraAtEnd);
        (int left, int right) = Split(Total(input.Width, kernel.Width, stride.Width, dilation.Width), extraAtEnd);
        return new(top, left, bottom, right);
    }

    private static int Total(int input, int kernel, int stride, int dilation) =>
        checked((int)Math.Max(((((long)input + stride - 1) / stride - 1) * stride) + ((kernel - 1L) * dilation) + 1 - input, 0));

    private static (int Before, int After) Split(int total, bool extraAtEnd) =>
        extraAtEnd ? (total / 2, total - (total / 2)) : (total - (total / 2), total / 2);

    private static int Outputs(int input, int kernel, int stride, int dilation, int before, int after, bool ceil, out int extra)
    {
        long reach = ((kernel - 1L) * dilation) + 1;
        long room = (long)input + before + after - reach;
        extra = 0;
        if (room < 0)
        {
            return 0;
        }

        long count = (room / stride) + 1;
        if (ceil && room % stride != 0 && (count * stride) < (long)input + before)
        {
            // A window that would start in the padding at the end is dropped, as in ONNX since opset 19 and in PyTorch always.
            count++;
            extra = checked((int)(((count - 1) * stride) + reach - ((long)input + before + after)));
        }

        return checked((int)count);
    }
}
