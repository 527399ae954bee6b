using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>ConvTranspose with constant weights: groups, dilation, output_padding, output_shape, auto_pad.</summary>
internal sealed class ConvTransposeOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["ConvTranspose"];

    public void Import(NodeContext node)
    {
        Activation input = node.Image(0);
        Constant weights = node.Constant(1, "weights");
        float[] values = node.Floats(1, "weights");
        if (weights.Dims is not [int inputs, int perGroup, int rows, int columns])
        {
            throw node.Unsupported($"its weights have {weights.Dims.Length} dimensions", "Two-dimensional convolution (4 dimensions) is supported.");
        }

        int groups = node.Size(node.Int("group", 1), "attribute group");
        if (inputs != input.Shape.Channels || inputs % groups != 0 || perGroup == 0 || rows == 0 || columns == 0)
        {
            throw node.Invalid($"weights [{string.Join(", ", weights.Dims)}] in {groups} group(s) do not fit its input of {input.Shape.Channels} channels");
        }

        int outputs = checked(perGroup * groups);
        float[] bias = node.HasInput(2) ? node.Floats(2, "bias") : new float[outputs];
        if (bias.Length != outputs)
        {
            throw node.Invalid($"its bias has {bias.Length} values for {outputs} output channels");
        }

        Size2 kernel = new(rows, columns);
        if (Window.Pair(node, "kernel_shape", kernel, isLine: false) != kernel)
        {
            throw node.Invalid($"attribute kernel_shape differs from the weights' {kernel}");
        }

        Size2 stride = Window.Pair(node, "strides", new Size2(1, 1), isLine: false);
        Size2 dilation = Window.Pair(node, "dilations", new Size2(1, 1), isLine: false);
        Size2 extra = Window.Pair(node, "output_padding", default(Size2), isLine: false, lo: 0);
        Size2? wanted = node.HasAttribute("output_shape") ? Window.Pair(node, "output_shape", null, isLine: false) : null;
        string auto = node.String("auto_pad", "NOTSET");
        long[] pads = node.Ints("pads") ?? [0, 0, 0, 0];
        if (pads.Length != 4)
        {
            throw node.Invalid($"attribute pads has {pads.Length} values; a two-dimensional window has 4");
        }

        (int top, int bottom, int height) = Axis(node, auto, input.Shape.Height, rows, stride.Height, dilation.Height, extra.Height, wanted?.Height, pads[0], pads[2]);
        (int left, int right, int width) = Axis(node, auto, input.Shape.Width, columns, stride.Width, dilation.Width, extra.Width, wanted?.Width, pads[1], pads[3]);
        node.Emit(
            new ConvTransposeNode(node.Name, input.Name, node.Output, values, bias, kernel, stride, new Padding(top, left, bottom, right), dilation, groups)
            {
                WeightSteps = WeightSteps.Of(
                    node, weights, outputs, i => (i / (perGroup * rows * columns) / (inputs / groups) * perGroup) + (i / (rows * columns) % perGroup)),
            },
            Activation.Image(node.Output, new Shape(height, width, outputs)));
    }

    /// <summary>Rows (or columns) cut off before and after the full result, and how many are left.</summary>
    private static (int Before, int After, int Size) Axis(
        NodeContext node, string auto, int input, int kernel, int stride, int dilation, int extra, int? wanted, long before, long after)
    {
        long full = ((input - 1L) * stride) + ((kernel - 1L) * dilation) + 1;
        if (wanted is null && auto is "NOTSET" or "" or "VALID")
        {
            (before, after) = auto == "VALID" ? (0, 0) : (before, after);
            return Checked(node, before, after - extra, full);
        }

        // Without output_shape SAME means input * stride.
        long size = wanted ?? (auto is "SAME_UPPER" or "SAME_LOWER" ? (long)input * stride : throw node.Invalid($"attribute auto_pad is '{auto}'"));
        long total = full + extra - size;
        if (total < 0)
        {
            // More than the full result: the rest, behind it, is bias only.
            return Checked(node, 0, total - extra, full);
        }

        before = auto == "SAME_UPPER" ? total / 2 : total - (total / 2);
        return Checked(node, before, total - before - extra, full);
    }

    private static (int Before, int After, int Size) Checked(NodeContext node, long before, long after, long full)
    {
        long size = full - before - after;
        return before is >= 0 and <= 1 << 20 && after is >= -(1 << 20) and <= 1 << 20 && before < full && after < full && size is > 0 and <= 1 << 24
            ? ((int)before, (int)after, (int)size)
            : throw node.Invalid($"its padding ({before} before, {after} after) does not fit the full result of {full}");
    }
}
