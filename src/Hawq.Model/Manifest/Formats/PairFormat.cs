namespace Hawq.Model;

/// <summary>What <see cref="AddFormat"/> and <see cref="SubFormat"/> share: all but the sign of the second operand.</summary>
internal abstract class PairFormat<T> : LayerFormat<T>
    where T : PairLayer
{
    public sealed override string InputField(int index) => index == 0 ? "a" : "b";

    protected abstract T Create(string name, string a, string b, string output, Dyadic requantizeA, Dyadic requantizeB);

    /// <summary>What it does with two shapes, for the message that they differ.</summary>
    protected abstract string Phrase(Shape a, Shape b);

    /// <summary>Name and range of the result, from the ranges of the requantized operands.</summary>
    protected abstract (string What, long Lo, long Hi) Combine((long Lo, long Hi) a, (long Lo, long Hi) b);

    protected sealed override T ReadLayer(string name, FieldReader fields) => Create(
        name, fields.String("a"), fields.String("b"), fields.String("output"), DyadicFields.Read(fields, "requantizeA"), DyadicFields.Read(fields, "requantizeB"));

    protected sealed override void WriteLayer(T layer, ManifestText text)
    {
        text.String("a", layer.A);
        text.String("b", layer.B);
        text.String("output", layer.Output);
        text.NewLine();
        DyadicFields.Write(text, "requantizeA", layer.RequantizeA);
        DyadicFields.Write(text, "requantizeB", layer.RequantizeB);
    }

    protected sealed override void CheckLayer(T layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor a = inputs[0];
        Tensor b = inputs[1];
        if (a.Shape != b.Shape)
        {
            issues.Shape("b", $"{Phrase(a.Shape, b.Shape)}; both must have one shape");
            return;
        }

        issues.ExpectOutput(output, a.Shape.Height, a.Shape.Width, a.Shape.Channels);
        (string what, long lo, long hi) = Combine(
            Range(a, layer.RequantizeA, "requantizeA", output, issues), Range(b, layer.RequantizeB, "requantizeB", output, issues));
        issues.ExpectInt32("output", what, lo + Math.Min(output.ZeroPoint, 0), hi + Math.Max(output.ZeroPoint, 0));
    }

    private static (long Lo, long Hi) Range(Tensor tensor, Dyadic dyadic, string field, Tensor output, LayerIssues issues)
    {
        long lo = (long)tensor.Lo - tensor.ZeroPoint;
        long hi = (long)tensor.Hi - tensor.ZeroPoint;
        issues.ExpectInt32(field, "a code relative to the zero point", lo, hi);
        issues.ExpectRequantized(field, dyadic, lo, hi, output);
        return dyadic.IsValid ? (dyadic.Requantize(lo), dyadic.Requantize(hi)) : default;
    }
}
