namespace Hawq.Model;

internal sealed class GlobalAveragePoolFormat : LayerFormat<GlobalAveragePoolLayer>
{
    public override string Op => "globalAveragePool";

    protected override GlobalAveragePoolLayer ReadLayer(string name, FieldReader fields) =>
        new(name, fields.String("input"), fields.String("output"), DyadicFields.Read(fields, "requantize"));

    protected override void WriteLayer(GlobalAveragePoolLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantize", layer.Requantize);
    }

    protected override void CheckLayer(GlobalAveragePoolLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        issues.ExpectOutput(output, 1, 1, x.Shape.Channels);
        long area = (long)x.Shape.Height * x.Shape.Width;
        long lo = area * ((long)x.Lo - x.ZeroPoint);
        long hi = area * ((long)x.Hi - x.ZeroPoint);
        issues.ExpectInt32("input", "the sum", lo, hi);
        issues.ExpectRequantized("requantize", layer.Requantize, lo, hi, output);
    }
}
