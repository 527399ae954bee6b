namespace Hawq.Model;

internal sealed class AveragePoolFormat : LayerFormat<AveragePoolLayer>
{
    public override string Op => "averagePool";

    protected override AveragePoolLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        WindowFields window = WindowFields.Read(fields);
        PoolDivisor[] divisors = fields.Items("divisors", ManifestLimits.Dimension, 1)
            .Select(item => fields.Items(item, "divisors", 3, 3))
            .Where(triple => triple.Count == 3)
            .Select(triple => new PoolDivisor(
                (int)fields.Long(triple[0], "divisors", 1, ManifestLimits.Dimension),
                new Dyadic(
                    (int)fields.Long(triple[1], "divisors", Dyadic.MinMultiplier, int.MaxValue),
                    (int)fields.Long(triple[2], "divisors", Dyadic.MinShift, Dyadic.MaxShift))))
            .ToArray();
        return new AveragePoolLayer(name, input, output, window.Kernel, window.Stride, window.Padding, divisors);
    }

    protected override void WriteLayer(AveragePoolLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        WindowFields.Write(text, layer.Kernel, layer.Stride, layer.Padding);
        text.Arrays("divisors", layer.Divisors.Select(divisor => new[] { divisor.Count, divisor.Requantize.Multiplier, divisor.Requantize.Shift }));
    }

    protected override void CheckLayer(AveragePoolLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        bool single = layer.Divisors.Count == 1;
        if (!WindowFields.Check(layer.Kernel, layer.Stride, layer.Padding, new Size2(1, 1), x, output, issues, mayLieInPadding: single))
        {
            return;
        }

        if (!single && !layer.Divisors.Select(divisor => divisor.Count).SequenceEqual(WindowTaps.Counts(x.Shape, output.Shape, layer.Kernel, layer.Stride, layer.Padding)))
        {
            issues.Shape(
                "divisors",
                $"its divisors must be one, or have exactly the counts of its windows: {string.Join(", ", WindowTaps.Counts(x.Shape, output.Shape, layer.Kernel, layer.Stride, layer.Padding))}");
            return;
        }

        long area = (long)layer.Kernel.Height * layer.Kernel.Width;
        long lo = area * ((long)x.Lo - x.ZeroPoint);
        long hi = area * ((long)x.Hi - x.ZeroPoint);
        issues.ExpectInt32("input", "the sum", lo, hi);
        foreach (PoolDivisor divisor in layer.Divisors)
        {
            // A smaller window has a smaller sum, but the bound is that of the largest: one proof for all.
            issues.ExpectRequantized("divisors", divisor.Requantize, lo, hi, output);
        }
    }
}
