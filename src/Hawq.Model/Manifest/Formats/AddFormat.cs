namespace Hawq.Model;

internal sealed class AddFormat : LayerFormat<AddLayer>
{
    public override string Op => "add";

    public override string InputField(int index) => index == 0 ? "a" : "b";

    protected override AddLayer ReadLayer(string name, FieldReader fields) => new(
        name, fields.String("a"), fields.String("b"), fields.String("output"), DyadicFields.Read(fields, "requantizeA"), DyadicFields.Read(fields, "requantizeB"));

    protected override void WriteLayer(AddLayer layer, ManifestText text)
    {
        text.String("a", layer.A);
        text.String("b", layer.B);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantizeA", layer.RequantizeA);
        DyadicFields.Write(text, "requantizeB", layer.RequantizeB);
    }

    protected override void CheckLayer(AddLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor a = inputs[0];
        Tensor b = inputs[1];
        if (a.Shape != b.Shape)
        {
            issues.Shape("b", $"it adds {a.Shape} and {b.Shape}; both must have one shape");
            return;
        }

        issues.ExpectOutput(output, a.Shape.Height, a.Shape.Width, a.Shape.Channels);
        (long lo, long hi) = Range(a, layer.RequantizeA, "requantizeA", output, issues);
        (long lo2, long hi2) = Range(b, layer.RequantizeB, "requantizeB", output, issues);
        issues.ExpectInt32("output", "the sum", lo + lo2 + Math.Min(output.ZeroPoint, 0), hi + hi2 + Math.Max(output.ZeroPoint, 0));
    }

    /// <summary>The range of an operand after its multiplier.</summary>
    internal static (long Lo, long Hi) Range(Tensor tensor, Dyadic dyadic, string field, Tensor output, LayerIssues issues)
    {
        long lo = (long)tensor.Lo - tensor.ZeroPoint;
        long hi = (long)tensor.Hi - tensor.ZeroPoint;
        issues.ExpectInt32(field, "a code relative to the zero point", lo, hi);
        issues.ExpectRequantized(field, dyadic, lo, hi, output);
        return dyadic.IsValid ? (dyadic.Requantize(lo), dyadic.Requantize(hi)) : default;
    }
}
