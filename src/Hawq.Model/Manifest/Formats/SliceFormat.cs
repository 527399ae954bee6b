namespace Hawq.Model;

internal sealed class SliceFormat : LayerFormat<SliceLayer>
{
    public override string Op => "slice";

    protected override SliceLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        int[] start = fields.IntTuple("start", 2, 0, ManifestLimits.Dimension);
        int[] step = fields.IntTuple("step", 2, 1, ManifestLimits.Dimension);
        return new SliceLayer(
            name, input, output, new Size2(start[0], start[1]), new Size2(step[0], step[1]), fields.Int("startChannel", 0, ManifestLimits.Dimension));
    }

    protected override void WriteLayer(SliceLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        text.Ints("start", [layer.Start.Height, layer.Start.Width]);
        text.Ints("step", [layer.Step.Height, layer.Step.Width]);
        text.Int("startChannel", layer.StartChannel);
    }

    protected override void CheckLayer(SliceLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Shape from = inputs[0].Shape;
        Shape to = output.Shape;
        if (Last(layer.Start.Height, layer.Step.Height, to.Height) >= from.Height || Last(layer.Start.Width, layer.Step.Width, to.Width) >= from.Width
            || (long)layer.StartChannel + to.Channels > from.Channels)
        {
            issues.Shape("output", $"its output '{ManifestNames.Quote(output.Name)}' is {to}, which reaches outside its input of {from}");
        }

        issues.ExpectSameGrid(inputs[0], output);
    }

    private static long Last(int start, int step, int count) => start + ((long)step * (count - 1));
}
