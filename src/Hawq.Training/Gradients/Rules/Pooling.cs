using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Pooling over windows of [N, C, H, W].</summary>
public static class Pooling
{
    /// <summary>Maximum; the gradient goes to the element that won (ONNX's Indices), added up where windows overlap.</summary>
    public static TapeValue MaxPool(this Tape tape, TapeValue x, IReadOnlyList<int> dims, Size2 kernel, Size2 stride, Padding padding, Size2 dilation)
    {
        TapeValue[] outputs = tape.EmitMany(
            "MaxPool", [dims, dims], [x], [.. Window(kernel, stride, padding), Attribute("dilations", dilation.Height, dilation.Width)]);
        return tape.Record(outputs[0], (x, g =>
        {
            // Indices count from the start of the whole tensor.
            TapeValue zeros = tape.Emit("Expand", [x.Count], [tape.Scalar(0), tape.Integers(x.Count)]);
            TapeValue sum = tape.Emit(
                "ScatterElements", [x.Count], [zeros, tape.Raw(outputs[1], [g.Count]), tape.Raw(g, [g.Count])], Attribute("axis", 0L), Attribute("reduction", "add"));
            return tape.Raw(sum, x.Dims);
        }));
    }

    /// <summary>Mean over the window positions inside the input, or over all positions where padding counts.</summary>
    public static TapeValue AveragePool(this Tape tape, TapeValue x, IReadOnlyList<int> dims, Size2 kernel, Size2 stride, Padding padding, bool countPadding)
    {
        int channels = x.Dims[1];
        TapeValue y = tape.Emit("AveragePool", dims, [x], [.. Window(kernel, stride, padding), Attribute("count_include_pad", countPadding ? 1L : 0)]);
        return tape.Record(y, (x, g =>
        {
            float[] shares = new float[dims[2] * dims[3]];
            for (int i = 0; i < shares.Length; i++)
            {
                int rows = Inside((i / dims[3] * stride.Height) - padding.Top, kernel.Height, x.Dims[2]);
                int columns = Inside((i % dims[3] * stride.Width) - padding.Left, kernel.Width, x.Dims[3]);
                shares[i] = 1f / (countPadding ? kernel.Height * kernel.Width : rows * columns);
            }

            float[] ones = new float[channels * kernel.Height * kernel.Width];
            Array.Fill(ones, 1f);
            TapeValue shared = tape.Emit("Mul", g.Dims, [g, tape.Constant(shares, 1, 1, dims[2], dims[3])]);
            return Convolution.InputGradient(
                tape, shared, tape.Constant(ones, channels, 1, kernel.Height, kernel.Width), x.Dims, new ConvolutionWindow(stride, padding, new(1, 1), channels));
        }));
    }

    private static int Inside(int start, int length, int size) => Math.Min(start + length, size) - Math.Max(start, 0);

    private static AttributeProto[] Window(Size2 kernel, Size2 stride, Padding padding) =>
    [
        Attribute("kernel_shape", kernel.Height, kernel.Width),
        Attribute("strides", stride.Height, stride.Width),
        Attribute("pads", padding.Top, padding.Left, padding.Bottom, padding.Right),
    ];
}
