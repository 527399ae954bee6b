namespace Hawq.Model;

internal sealed class PadFormat : LayerFormat<PadLayer>
{
    public override string Op => "pad";

    protected override PadLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        Padding padding = ReadPadding(fields);
        int[] channels = fields.IntTuple("channels", 2, 0, ManifestLimits.Dimension);
        return new PadLayer(name, input, output, padding, channels[0], channels[1]);
    }

    protected override void WriteLayer(PadLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        WritePadding(text, layer.Padding);
        text.Ints("channels", [layer.ChannelsBefore, layer.ChannelsAfter]);
    }

    protected override void CheckLayer(PadLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Shape from = inputs[0].Shape;
        issues.ExpectOutput(
            output,
            (long)from.Height + layer.Padding.Top + layer.Padding.Bottom,
            (long)from.Width + layer.Padding.Left + layer.Padding.Right,
            (long)from.Channels + layer.ChannelsBefore + layer.ChannelsAfter);
        issues.ExpectSameGrid(inputs[0], output);
    }

    /// <summary><c>"padding": [top, left, bottom, right]</c>, the order of ONNX.</summary>
    internal static Padding ReadPadding(FieldReader fields)
    {
        int[] padding = fields.IntTuple("padding", 4, 0, ManifestLimits.Dimension);
        return new Padding(padding[0], padding[1], padding[2], padding[3]);
    }

    internal static void WritePadding(ManifestText text, Padding padding) =>
        text.Ints("padding", [padding.Top, padding.Left, padding.Bottom, padding.Right]);
}
