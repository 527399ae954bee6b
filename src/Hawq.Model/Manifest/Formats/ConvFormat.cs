namespace Hawq.Model;

internal sealed class ConvFormat : LayerFormat<ConvLayer>
{
    public override string Op => "conv";

    protected override ConvLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        int[] stride = fields.IntTuple("stride", 2, 1, ManifestLimits.Dimension);
        Padding padding = PadFormat.ReadPadding(fields);
        int[] dilation = fields.IntTuple("dilation", 2, 1, ManifestLimits.Dimension);
        int groups = fields.Int("groups", 1, ManifestLimits.Dimension);
        LinearPart part = LinearFields.Read(fields);
        return new ConvLayer(
            name, input, output, part.Weights, part.Bias, part.Requantize, part.Facts,
            new Size2(stride[0], stride[1]), padding, new Size2(dilation[0], dilation[1]), groups);
    }

    protected override void WriteLayer(ConvLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        text.Ints("stride", [layer.Stride.Height, layer.Stride.Width]);
        PadFormat.WritePadding(text, layer.Padding);
        text.Ints("dilation", [layer.Dilation.Height, layer.Dilation.Width]);
        text.Int("groups", layer.Groups);
        LinearFields.Write(text, layer);
    }

    protected override void CheckLayer(ConvLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        WeightTensor weights = layer.Weights;
        if ((long)weights.InputChannels * layer.Groups != x.Shape.Channels)
        {
            issues.Shape(
                "weights",
                $"its weights take {weights.InputChannels} channels in each of {layer.Groups} group(s), but '{ManifestNames.Quote(x.Name)}' has {x.Shape.Channels} channels");
            return;
        }

        if (weights.OutputChannels % layer.Groups != 0)
        {
            issues.Shape("groups", $"{weights.OutputChannels} output channels are not a multiple of {layer.Groups} groups");
            return;
        }

        long height = WindowTaps.Outputs(x.Shape.Height, layer.Padding.Top, layer.Padding.Bottom, weights.KernelHeight, layer.Stride.Height, layer.Dilation.Height);
        long width = WindowTaps.Outputs(x.Shape.Width, layer.Padding.Left, layer.Padding.Right, weights.KernelWidth, layer.Stride.Width, layer.Dilation.Width);
        if (height < 1 || width < 1)
        {
            issues.Shape(
                "weights", $"its kernel of {weights.KernelHeight}x{weights.KernelWidth} with dilation {layer.Dilation} does not fit into its padded input of {x.Shape}");
            return;
        }

        issues.ExpectOutput(output, height, width, weights.OutputChannels);
        bool depthwise = layer.Groups > 1 && weights.InputChannels == 1;
        LinearFields.Check(layer, LaneGeometry.Of(layer), !depthwise, x, output, issues);
    }
}
