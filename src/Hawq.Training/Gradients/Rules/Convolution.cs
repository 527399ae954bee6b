using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Window of a convolution.</summary>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Padding, each side its own.</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Groups">Groups.</param>
public sealed record ConvolutionWindow(Size2 Stride, Padding Padding, Size2 Dilation, int Groups)
{
    /// <summary>Stride 1 and zeros around so that the size stays (odd kernels).</summary>
    public static ConvolutionWindow Same(int kernel) => new(new(1, 1), new(kernel / 2, kernel / 2, kernel / 2, kernel / 2), new(1, 1), 1);
}

/// <summary>Convolution of [N, C, H, W] with [O, C / groups, KH, KW].</summary>
public static class Convolution
{
    /// <summary>
    /// The convolution, with a bias per output channel or without. Gradient of the input: ConvTranspose, or for stride 1 the convolution with
    /// the turned kernel, which ONNX Runtime computes faster; of the weights: the convolution in which batch and channels have changed places, or
    /// without groups a matrix product per tap.
    /// </summary>
    public static TapeValue Conv(this Tape tape, TapeValue x, TapeValue w, TapeValue? bias, ConvolutionWindow window)
    {
        int[] dims =
        [
            x.Dims[0], w.Dims[0],
            Length(x.Dims[2], w.Dims[2], window.Stride.Height, window.Padding.Top + window.Padding.Bottom, window.Dilation.Height),
            Length(x.Dims[3], w.Dims[3], window.Stride.Width, window.Padding.Left + window.Padding.Right, window.Dilation.Width),
        ];
        TapeValue y = tape.Emit("Conv", dims, bias is null ? [x, w] : [x, w, bias], Attributes(window.Stride, window.Padding, window.Dilation, window.Groups));
        (TapeValue, Tape.Pullback?)[] inputs = [(x, g => InputGradient(tape, g, w, x.Dims, window)), (w, g => WeightGradient(tape, x, g, w.Dims, window))];
        return bias is null
            ? tape.Record(y, inputs)
            : tape.Record(y, [.. inputs, (bias, g => tape.Raw(tape.SumTo(g, [1, dims[1], 1, 1]), [dims[1]]))]);
    }

    /// <summary>Gradient of the input; not recorded.</summary>
    internal static TapeValue InputGradient(Tape tape, TapeValue g, TapeValue w, IReadOnlyList<int> dims, ConvolutionWindow window)
    {
        Padding p = window.Padding;
        Size2 reach = new((w.Dims[2] - 1) * window.Dilation.Height, (w.Dims[3] - 1) * window.Dilation.Width);
        Padding turned = new(reach.Height - p.Top, reach.Width - p.Left, reach.Height - p.Bottom, reach.Width - p.Right);
        if (window.Stride == new Size2(1, 1) && turned is { Top: >= 0, Left: >= 0, Bottom: >= 0, Right: >= 0 })
        {
            return tape.Emit("Conv", dims, [g, Turned(tape, w, window.Groups)], Attributes(window.Stride, turned, window.Dilation, window.Groups));
        }

        Size2 rest = new(
            dims[2] - (((g.Dims[2] - 1) * window.Stride.Height) + reach.Height + 1 - p.Top - p.Bottom),
            dims[3] - (((g.Dims[3] - 1) * window.Stride.Width) + reach.Width + 1 - p.Left - p.Right));
        return tape.Emit(
            "ConvTranspose", dims, [g, w],
            [.. Attributes(window.Stride, p, window.Dilation, window.Groups), Attribute("output_padding", rest.Height, rest.Width)]);
    }

    /// <summary>Gradient of the weights; not recorded.</summary>
    internal static TapeValue WeightGradient(Tape tape, TapeValue x, TapeValue g, IReadOnlyList<int> dims, ConvolutionWindow window)
    {
        int batch = x.Dims[0], groups = window.Groups, perGroup = dims[1];
        if (groups == 1)
        {
            return TapProducts(tape, x, g, dims, window);
        }

        // [C/G, G N, H, W]: a channel is an image now, and the images of a group are its channels.
        TapeValue images = groups == 1
            ? tape.Permute(x, 1, 0, 2, 3)
            : tape.Raw(
                tape.Permute(tape.Raw(x, [batch, groups, perGroup, x.Dims[2], x.Dims[3]]), 2, 1, 0, 3, 4), [perGroup, groups * batch, x.Dims[2], x.Dims[3]]);
        TapeValue kernels = tape.Permute(g, 1, 0, 2, 3);
        int[] full =
        [
            perGroup, dims[0],
            x.Dims[2] + window.Padding.Top + window.Padding.Bottom - ((g.Dims[2] - 1) * window.Stride.Height),
            x.Dims[3] + window.Padding.Left + window.Padding.Right - ((g.Dims[3] - 1) * window.Stride.Width),
        ];
        full[2] = ((full[2] - 1) / window.Dilation.Height) + 1;
        full[3] = ((full[3] - 1) / window.Dilation.Width) + 1;

        // Strides and dilations change places.
        TapeValue product = tape.Emit("Conv", full, [images, kernels], Attributes(window.Dilation, window.Padding, window.Stride, groups));
        if (full[2] != dims[2] || full[3] != dims[3])
        {
            product = tape.Cut(product, [full[0], full[1], dims[2], dims[3]], [2, 3], [0, 0], [dims[2], dims[3]], [1, 1]);
        }

        return tape.Permute(product, 1, 0, 2, 3);
    }

    /// <summary>
    /// The same without groups, as one matrix product per tap of the kernel: the gradient, [outputs, positions], times what the tap sees, [positions, channels].
    /// A step of ResNet-20 takes a third less time than with Conv, whose kernels would be as large as the image.
    /// </summary>
    private static TapeValue TapProducts(Tape tape, TapeValue x, TapeValue g, IReadOnlyList<int> dims, ConvolutionWindow window)
    {
        Padding p = window.Padding;
        int outputs = dims[0], channels = dims[1], positions = x.Dims[0] * g.Dims[2] * g.Dims[3];
        TapeValue last = tape.RawPad(tape.Permute(x, 0, 2, 3, 1), [0, p.Top, p.Left, 0], [0, p.Bottom, p.Right, 0]);
        TapeValue gradient = tape.Raw(tape.Permute(g, 1, 0, 2, 3), [outputs, positions]);
        List<TapeValue> taps = [];
        for (int row = 0; row < dims[2]; row++)
        {
            for (int column = 0; column < dims[3]; column++)
            {
                int top = row * window.Dilation.Height, left = column * window.Dilation.Width;
                TapeValue tap = tape.Cut(
                    last, [x.Dims[0], g.Dims[2], g.Dims[3], channels], [1, 2], [top, left],
                    [top + ((g.Dims[2] - 1) * window.Stride.Height) + 1, left + ((g.Dims[3] - 1) * window.Stride.Width) + 1], [window.Stride.Height, window.Stride.Width]);
                taps.Add(tape.Raw(tape.Emit("MatMul", [outputs, channels], [gradient, tape.Raw(tap, [positions, channels])]), [outputs, 1, channels]));
            }
        }

        TapeValue product = tape.Emit("Concat", [outputs, taps.Count, channels], taps, Attribute("axis", 1L));
        return tape.Raw(tape.Permute(product, 0, 2, 1), dims);
    }

    /// <summary>Weights with input and output channels exchanged within each group, turned by 180 degrees.</summary>
    private static TapeValue Turned(Tape tape, TapeValue w, int groups)
    {
        int outputs = w.Dims[0] / groups, inputs = w.Dims[1], height = w.Dims[2], width = w.Dims[3];
        TapeValue flipped = height * width == 1
            ? w
            : tape.Cut(w, w.Dims, [2, 3], [height - 1, width - 1], [-height - 1, -width - 1], [-1, -1]);
        return groups == 1
            ? tape.Permute(flipped, 1, 0, 2, 3)
            : tape.Raw(tape.Permute(tape.Raw(flipped, [groups, outputs, inputs, height, width]), 0, 2, 1, 3, 4), [groups * inputs, outputs, height, width]);
    }

    private static int Length(int size, int kernel, int stride, int padding, int dilation) => ((size + padding - ((kernel - 1) * dilation) - 1) / stride) + 1;

    /// <summary>ONNX attributes of a window.</summary>
    internal static AttributeProto[] Attributes(ConvolutionWindow window) => Attributes(window.Stride, window.Padding, window.Dilation, window.Groups);

    private static AttributeProto[] Attributes(Size2 stride, Padding padding, Size2 dilation, int groups) =>
    [
        Attribute("strides", stride.Height, stride.Width),
        Attribute("pads", padding.Top, padding.Left, padding.Bottom, padding.Right),
        Attribute("dilations", dilation.Height, dilation.Width),
        Attribute("group", (long)groups),
    ];
}
