namespace Hawq.Model;

internal sealed class GemmFormat : LayerFormat<GemmLayer>
{
    public override string Op => "gemm";

    protected override GemmLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        LinearPart part = LinearFields.Read(fields);
        return new GemmLayer(name, input, output, part.Weights, part.Bias, part.Requantize, part.Facts);
    }

    protected override void WriteLayer(GemmLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        LinearFields.Write(text, layer);
    }

    protected override void CheckLayer(GemmLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        WeightTensor weights = layer.Weights;
        if ((weights.KernelHeight, weights.KernelWidth) != (1, 1) || weights.InputChannels != x.Shape.Length)
        {
            issues.Shape(
                "weights",
                $"its weights are {weights.OutputChannels}x{weights.KernelHeight}x{weights.KernelWidth}x{weights.InputChannels}, but should be "
                + $"{weights.OutputChannels}x1x1x{x.Shape.Length}, since '{ManifestNames.Quote(x.Name)}' is {x.Shape}");
            return;
        }

        issues.ExpectOutput(output, 1, 1, weights.OutputChannels);
        LinearFields.Check(layer, LaneGeometry.Of(layer), true, x, output, issues);
    }
}
