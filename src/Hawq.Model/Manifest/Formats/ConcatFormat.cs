namespace Hawq.Model;

internal sealed class ConcatFormat : LayerFormat<ConcatLayer>
{
    public override string Op => "concat";

    public override string InputField(int index) => "parts";

    protected override ConcatLayer ReadLayer(string name, FieldReader fields)
    {
        EquatableArray<string> parts = fields.Strings("parts", ManifestLimits.Layers);
        string output = fields.String("output");
        Dyadic[] requantize = fields.Items("requantize", ManifestLimits.Layers)
            .Select(item => fields.Items(item, "requantize", 2, 2))
            .Where(pair => pair.Count == 2)
            .Select(pair => new Dyadic(
                (int)fields.Long(pair[0], "requantize", Dyadic.MinMultiplier, int.MaxValue),
                (int)fields.Long(pair[1], "requantize", Dyadic.MinShift, Dyadic.MaxShift)))
            .ToArray();
        return new ConcatLayer(name, parts, output, requantize);
    }

    protected override void WriteLayer(ConcatLayer layer, ManifestText text)
    {
        text.Strings("parts", layer.Parts);
        text.String("output", layer.Output);
        text.NewLine();
        text.Arrays("requantize", layer.Requantize.Select(dyadic => new[] { dyadic.Multiplier, dyadic.Shift }));
    }

    protected override void CheckLayer(ConcatLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        if (inputs.Length == 0 || layer.Requantize.Count != inputs.Length)
        {
            issues.Shape("requantize", $"it has {inputs.Length} part(s) and {layer.Requantize.Count} multiplier(s); one for each of at least one part is expected");
            return;
        }

        Shape first = inputs[0].Shape;
        if (inputs.Any(part => part.Shape.Height != first.Height || part.Shape.Width != first.Width))
        {
            issues.Shape("parts", $"it joins {string.Join(", ", inputs.Select(part => part.Shape))}; all must have one height and width");
            return;
        }

        issues.ExpectOutput(output, first.Height, first.Width, inputs.Sum(part => (long)part.Shape.Channels));
        for (int i = 0; i < inputs.Length; i++)
        {
            long lo = (long)inputs[i].Lo - inputs[i].ZeroPoint;
            long hi = (long)inputs[i].Hi - inputs[i].ZeroPoint;
            issues.ExpectInt32("parts", "a code relative to the zero point", lo, hi);
            issues.ExpectRequantized("requantize", layer.Requantize[i], lo, hi, output);
        }
    }
}
