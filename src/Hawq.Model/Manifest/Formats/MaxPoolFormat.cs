namespace Hawq.Model;

internal sealed class MaxPoolFormat : LayerFormat<MaxPoolLayer>
{
    public override string Op => "maxPool";

    protected override MaxPoolLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        WindowFields window = WindowFields.Read(fields);
        int[] dilation = fields.IntTuple("dilation", 2, 1, ManifestLimits.Dimension);
        return new MaxPoolLayer(name, input, output, window.Kernel, window.Stride, window.Padding, new Size2(dilation[0], dilation[1]));
    }

    protected override void WriteLayer(MaxPoolLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        WindowFields.Write(text, layer.Kernel, layer.Stride, layer.Padding);
        text.Ints("dilation", [layer.Dilation.Height, layer.Dilation.Width]);
    }

    protected override void CheckLayer(MaxPoolLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        if (WindowFields.Check(layer.Kernel, layer.Stride, layer.Padding, layer.Dilation, inputs[0], output, issues, mayLieInPadding: false))
        {
            issues.ExpectSameGrid(inputs[0], output);
        }
    }
}

/// <summary>The window of a pooling layer in the manifest.</summary>
internal sealed record WindowFields(Size2 Kernel, Size2 Stride, Padding Padding)
{
    public static WindowFields Read(FieldReader fields)
    {
        int[] kernel = fields.IntTuple("kernel", 2, 1, ManifestLimits.Kernel);
        int[] stride = fields.IntTuple("stride", 2, 1, ManifestLimits.Dimension);
        return new WindowFields(new Size2(kernel[0], kernel[1]), new Size2(stride[0], stride[1]), PadFormat.ReadPadding(fields));
    }

    public static void Write(ManifestText text, Size2 kernel, Size2 stride, Padding padding)
    {
        text.Ints("kernel", [kernel.Height, kernel.Width]);
        text.Ints("stride", [stride.Height, stride.Width]);
        PadFormat.WritePadding(text, padding);
    }

    /// <summary>Checks shapes, and that every window sees something. False where the shapes are wrong.</summary>
    public static bool Check(
        Size2 kernel, Size2 stride, Padding padding, Size2 dilation, Tensor input, Tensor output, LayerIssues issues, bool mayLieInPadding)
    {
        Shape x = input.Shape;
        Shape y = output.Shape;
        long height = WindowTaps.Outputs(x.Height, padding.Top, padding.Bottom, kernel.Height, stride.Height, dilation.Height);
        long width = WindowTaps.Outputs(x.Width, padding.Left, padding.Right, kernel.Width, stride.Width, dilation.Width);
        if (height < 1 || width < 1)
        {
            issues.Shape("kernel", $"its window of {kernel} with dilation {dilation} does not fit into its padded input of {x}");
            return false;
        }

        issues.ExpectOutput(output, height, width, x.Channels);
        if ((y.Height, y.Width) != (height, width))
        {
            return false;
        }

        if (!mayLieInPadding
            && (Enumerable.Range(0, y.Height).Any(i => WindowTaps.Inside(i, x.Height, padding.Top, kernel.Height, stride.Height, dilation.Height) == 0)
                || Enumerable.Range(0, y.Width).Any(i => WindowTaps.Inside(i, x.Width, padding.Left, kernel.Width, stride.Width, dilation.Width) == 0)))
        {
            issues.Shape("padding", "one of its windows lies in the padding altogether");
            return false;
        }

        return true;
    }
}
