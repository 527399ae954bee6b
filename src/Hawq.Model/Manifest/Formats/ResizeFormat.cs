namespace Hawq.Model;

internal sealed class ResizeFormat : LayerFormat<ResizeLayer>
{
    public override string Op => "resize";

    protected override ResizeLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        int[] factor = fields.IntTuple("factor", 2, 1, ManifestLimits.Dimension);
        return new ResizeLayer(name, input, output, new Size2(factor[0], factor[1]));
    }

    protected override void WriteLayer(ResizeLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.Ints("factor", [layer.Factor.Height, layer.Factor.Width]);
    }

    protected override void CheckLayer(ResizeLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Shape shape = inputs[0].Shape;
        issues.ExpectOutput(output, (long)shape.Height * layer.Factor.Height, (long)shape.Width * layer.Factor.Width, shape.Channels);
        issues.ExpectSameGrid(inputs[0], output);
    }
}

internal sealed class SpreadFormat : LayerFormat<SpreadLayer>
{
    public override string Op => "spread";

    protected override SpreadLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        int[] step = fields.IntTuple("step", 2, 1, ManifestLimits.Dimension);
        return new SpreadLayer(name, input, output, new Size2(step[0], step[1]));
    }

    protected override void WriteLayer(SpreadLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.Ints("step", [layer.Step.Height, layer.Step.Width]);
    }

    protected override void CheckLayer(SpreadLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Shape shape = inputs[0].Shape;
        issues.ExpectOutput(
            output, (((long)shape.Height - 1) * layer.Step.Height) + 1, (((long)shape.Width - 1) * layer.Step.Width) + 1, shape.Channels);
        issues.ExpectSameGrid(inputs[0], output);
    }
}
