namespace Hawq.Model;

internal sealed class SubFormat : LayerFormat<SubLayer>
{
    public override string Op => "sub";

    public override string InputField(int index) => index == 0 ? "a" : "b";

    protected override SubLayer ReadLayer(string name, FieldReader fields) => new(
        name, fields.String("a"), fields.String("b"), fields.String("output"), DyadicFields.Read(fields, "requantizeA"), DyadicFields.Read(fields, "requantizeB"));

    protected override void WriteLayer(SubLayer layer, ManifestText text)
    {
        text.String("a", layer.A);
        text.String("b", layer.B);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantizeA", layer.RequantizeA);
        DyadicFields.Write(text, "requantizeB", layer.RequantizeB);
    }

    protected override void CheckLayer(SubLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor a = inputs[0];
        Tensor b = inputs[1];
        if (a.Shape != b.Shape)
        {
            issues.Shape("b", $"it subtracts {b.Shape} from {a.Shape}; both must have one shape");
            return;
        }

        issues.ExpectOutput(output, a.Shape.Height, a.Shape.Width, a.Shape.Channels);
        (long lo, long hi) = AddFormat.Range(a, layer.RequantizeA, "requantizeA", output, issues);
        (long lo2, long hi2) = AddFormat.Range(b, layer.RequantizeB, "requantizeB", output, issues);
        issues.ExpectInt32("output", "the difference", lo - hi2 + Math.Min(output.ZeroPoint, 0), hi - lo2 + Math.Max(output.ZeroPoint, 0));
    }
}
