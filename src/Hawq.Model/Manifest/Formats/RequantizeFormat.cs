namespace Hawq.Model;

internal sealed class RequantizeFormat : LayerFormat<RequantizeLayer>
{
    public override string Op => "requantize";

    protected override RequantizeLayer ReadLayer(string name, FieldReader fields) =>
        new(name, fields.String("input"), fields.String("output"), DyadicFields.Read(fields, "requantize"));

    protected override void WriteLayer(RequantizeLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantize", layer.Requantize);
    }

    protected override void CheckLayer(RequantizeLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        issues.ExpectOutput(output, x.Shape.Height, x.Shape.Width, x.Shape.Channels);
        long lo = (long)x.Lo - x.ZeroPoint;
        long hi = (long)x.Hi - x.ZeroPoint;
        issues.ExpectInt32("input", "a code relative to the zero point", lo, hi);
        issues.ExpectRequantized("requantize", layer.Requantize, lo, hi, output);
    }
}
