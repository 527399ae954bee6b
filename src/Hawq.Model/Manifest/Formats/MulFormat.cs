namespace Hawq.Model;

internal sealed class MulFormat : LayerFormat<MulLayer>
{
    public override string Op => "mul";

    public override string InputField(int index) => index == 0 ? "a" : "b";

    protected override MulLayer ReadLayer(string name, FieldReader fields) =>
        new(name, fields.String("a"), fields.String("b"), fields.String("output"), DyadicFields.Read(fields, "requantize"));

    protected override void WriteLayer(MulLayer layer, ManifestText text)
    {
        text.String("a", layer.A);
        text.String("b", layer.B);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantize", layer.Requantize);
    }

    protected override void CheckLayer(MulLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor a = inputs[0];
        Tensor b = inputs[1];
        if (b.Shape != a.Shape && b.Shape != new Shape(1, 1, a.Shape.Channels))
        {
            issues.Shape("b", $"it multiplies {a.Shape} and {b.Shape}; the second must have the shape of the first, or be 1x1x{a.Shape.Channels}");
            return;
        }

        issues.ExpectOutput(output, a.Shape.Height, a.Shape.Width, a.Shape.Channels);
        (long lo, long hi) = Products(a, b);
        issues.ExpectInt32("b", "the product", lo, hi);
        issues.ExpectRequantized("requantize", layer.Requantize, lo, hi, output);
    }

    private static (long Lo, long Hi) Products(Tensor a, Tensor b)
    {
        // Codes relative to the zero point are at most 2^32 in magnitude: where the product does not fit in int64 it does not fit in int32 either.
        decimal[] corners =
        [
            (decimal)((long)a.Lo - a.ZeroPoint) * ((long)b.Lo - b.ZeroPoint), (decimal)((long)a.Lo - a.ZeroPoint) * ((long)b.Hi - b.ZeroPoint),
            (decimal)((long)a.Hi - a.ZeroPoint) * ((long)b.Lo - b.ZeroPoint), (decimal)((long)a.Hi - a.ZeroPoint) * ((long)b.Hi - b.ZeroPoint),
        ];
        return ((long)Math.Max(corners.Min(), long.MinValue), (long)Math.Min(corners.Max(), long.MaxValue));
    }
}
