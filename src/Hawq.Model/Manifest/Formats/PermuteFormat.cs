namespace Hawq.Model;

internal sealed class PermuteFormat : LayerFormat<PermuteLayer>
{
    public override string Op => "permute";

    protected override PermuteLayer ReadLayer(string name, FieldReader fields) => new(
        name, fields.String("input"), fields.String("output"), fields.Ints("source", 0, ManifestLimits.Dimension, ManifestLimits.Dimension));

    protected override void WriteLayer(PermuteLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        text.Ints("source", layer.Source);
    }

    protected override void CheckLayer(PermuteLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Shape shape = inputs[0].Shape;
        issues.ExpectOutput(output, shape.Height, shape.Width, shape.Channels);
        if (!layer.Source.OrderBy(channel => channel).SequenceEqual(Enumerable.Range(0, shape.Channels)))
        {
            issues.Number("source", $"its source must name each of {shape.Channels} channels once");
        }

        issues.ExpectSameGrid(inputs[0], output);
    }
}
