namespace Hawq.Model;

/// <summary>The fields that layers with weights share: weights, bias, multipliers, facts.</summary>
internal static class LinearFields
{
    public static LinearPart Read(FieldReader fields)
    {
        WeightTensor weights = ReadWeights(fields);
        EquatableArray<int> bias = fields.Ints("bias", int.MinValue, int.MaxValue, ManifestLimits.Dimension);
        EquatableArray<int> multiplier = fields.Ints("multiplier", Dyadic.MinMultiplier, int.MaxValue, ManifestLimits.Dimension);
        List<JsonNode> shiftItems = fields.Items("shift", ManifestLimits.Dimension);
        if (shiftItems.Count != multiplier.Count && fields.Take("shift") is { } node)
        {
            fields.Error(HawqIds.ManifestShape, node, $"'shift' of {fields.What} has {shiftItems.Count} elements, but 'multiplier' has {multiplier.Count}.");
        }

        Dyadic[] requantize = shiftItems.Take(multiplier.Count)
            .Select((item, i) => new Dyadic(multiplier[i], (int)fields.Long(item, "shift", Dyadic.MinShift, Dyadic.MaxShift))).ToArray();
        weights = weights with { Scales = fields.Floats("weightScales", positive: true, ManifestLimits.Dimension) };
        return new LinearPart(weights, bias, requantize, ReadFacts(fields));
    }

    public static void Write(ManifestText text, LinearLayer layer)
    {
        WeightTensor weights = layer.Weights;
        text.NewLine();
        using (text.Object("weights"))
        {
            text.Int("offset", weights.Offset);
            text.Int("bits", weights.Bits);
            text.Ints("shape", [weights.OutputChannels, weights.KernelHeight, weights.KernelWidth, weights.InputChannels]);
            if (weights.Tables is { } tables)
            {
                text.Int("tables", tables);
            }
        }

        text.NewLine();
        text.Ints("bias", layer.Bias);
        text.NewLine();
        text.Ints("multiplier", layer.Requantize.Select(dyadic => dyadic.Multiplier));
        text.NewLine();
        text.Ints("shift", layer.Requantize.Select(dyadic => dyadic.Shift));
        text.NewLine();
        text.Floats("weightScales", weights.Scales);
        text.NewLine();
        using (text.Object("facts"))
        {
            text.Int("positiveSum", layer.Facts.PositiveSum);
            text.Int("negativeSum", layer.Facts.NegativeSum);
            text.Longs("accumulator", [layer.Facts.AccumulatorLo, layer.Facts.AccumulatorHi]);
            text.Arrays("windows", layer.Facts.Windows.Select(window => new[] { window.Steps, window.Positive, window.Negative }));
        }
    }

    public static void Check(LinearLayer layer, LaneGeometry geometry, bool hasWindows, Tensor input, Tensor output, LayerIssues issues)
    {
        int channels = layer.Weights.OutputChannels;
        bool counted = ExpectCount(issues, "bias", layer.Bias.Count, channels);
        counted &= ExpectCount(issues, "multiplier", layer.Requantize.Count, channels);
        counted &= ExpectCount(issues, "weightScales", layer.Weights.Scales.Count, channels);
        issues.ExpectInt32("input", "a code relative to the zero point", (long)input.Lo - input.ZeroPoint, (long)input.Hi - input.ZeroPoint);
        if (!counted)
        {
            return;
        }

        WeightFacts facts = layer.Facts;
        issues.ExpectInt32("facts", "the accumulator", facts.AccumulatorLo, facts.AccumulatorHi);
        CheckSums(layer, input, issues);
        CheckWindows(layer, hasWindows ? geometry.WindowLengths() : [], issues);
        foreach (Dyadic dyadic in layer.Requantize.Distinct())
        {
            issues.ExpectRequantized("multiplier", dyadic, facts.AccumulatorLo, facts.AccumulatorHi, output);
        }
    }

    private static void CheckSums(LinearLayer layer, Tensor input, LayerIssues issues)
    {
        WeightFacts facts = layer.Facts;
        long largest = (long)layer.Weights.PerChannel * layer.Weights.MaxCode;
        if (facts.PositiveSum < 0 || facts.PositiveSum > largest || facts.NegativeSum > 0 || facts.NegativeSum < -largest)
        {
            issues.Number("facts", $"the sums {facts.PositiveSum} and {facts.NegativeSum} are not those of {layer.Weights.PerChannel} weights of {layer.Weights.Bits} bits");
            return;
        }

        // What the sums and biases allow. The exact bounds need the weights: hawq verify recomputes them.
        decimal lo = Math.Min(0, (long)input.Lo - input.ZeroPoint); // decimal: hostile sums and ranges do not fit in int64
        decimal hi = Math.Max(0, (long)input.Hi - input.ZeroPoint);
        long minBias = layer.Bias.Min();
        long maxBias = layer.Bias.Max();
        bool consistent = facts.AccumulatorLo <= minBias && facts.AccumulatorHi >= maxBias
            && facts.AccumulatorLo >= minBias + (lo * facts.PositiveSum) + (hi * facts.NegativeSum)
            && facts.AccumulatorHi <= maxBias + (hi * facts.PositiveSum) + (lo * facts.NegativeSum);
        if (!consistent)
        {
            issues.Number(
                "facts",
                $"the accumulator range [{facts.AccumulatorLo}, {facts.AccumulatorHi}] does not agree with the biases, the weight sums and the input's range");
        }
    }

    private static void CheckWindows(LinearLayer layer, int[] lengths, LayerIssues issues)
    {
        EquatableArray<LaneWindow> windows = layer.Facts.Windows;
        if (!windows.Select(window => window.Steps).SequenceEqual(lengths))
        {
            issues.Shape("facts", $"its windows must have these lengths: [{string.Join(", ", lengths)}]");
            return;
        }

        foreach (LaneWindow window in windows)
        {
            long largest = Math.Min(2L * window.Steps * layer.Weights.MaxCode, int.MaxValue);
            if (window.Positive < 0 || window.Positive > Math.Min(largest, layer.Facts.PositiveSum)
                || window.Negative > 0 || window.Negative < Math.Max(-largest, layer.Facts.NegativeSum))
            {
                issues.Number("facts", $"the window of {window.Steps} steps does not agree with the weight sums");
            }
        }
    }

    private static bool ExpectCount(LayerIssues issues, string field, int count, int expected)
    {
        if (count != expected)
        {
            issues.Shape(field, $"'{field}' has {count} elements, but there are {expected} output channels");
        }

        return count == expected;
    }

    private static WeightTensor ReadWeights(FieldReader fields)
    {
        WeightTensor none = new(0, 8, 1, 1, 1, 1, default);
        if (fields.Object("weights") is not { } weights)
        {
            return none;
        }

        long offset = weights.Long("offset", 0, long.MaxValue - ManifestLimits.Elements);
        int bits = weights.Int("bits", 2, 8);
        int[] shape = weights.IntTuple("shape", 4, 1, ManifestLimits.Dimension);
        long? tables = weights.Has("tables") ? weights.Long("tables", 0, long.MaxValue - ManifestLimits.Elements) : null;
        weights.Done();
        if ((shape[1] > ManifestLimits.Kernel || shape[2] > ManifestLimits.Kernel) && weights.Take("shape") is { } kernelNode)
        {
            weights.Error(HawqIds.ManifestNumber, kernelNode, $"The kernel of {fields.What} has {shape[1]}x{shape[2]} taps; at most {ManifestLimits.Kernel} rows and columns are read.");
            return none;
        }

        if (bits is not (2 or 4 or 8) && weights.Take("bits") is { } bitsNode)
        {
            weights.Error(HawqIds.ManifestNumber, bitsNode, $"'bits' of {weights.What} is {bits}; weights have 2, 4 or 8 bits.");
            return none;
        }

        if (!ManifestReader.IsElementCount(shape) && weights.Take("shape") is { } shapeNode)
        {
            weights.Error(HawqIds.ManifestNumber, shapeNode, $"'shape' of {weights.What} has more than {ManifestLimits.Elements} elements.");
            return none;
        }

        return new WeightTensor(offset, bits, shape[0], shape[1], shape[2], shape[3], default, tables);
    }

    private static WeightFacts ReadFacts(FieldReader fields)
    {
        if (fields.Object("facts") is not { } facts)
        {
            return new WeightFacts(0, 0, 0, 0, default);
        }

        const long Largest = 1L << 50; // far beyond any legal sum, and small enough for the checks' products
        long positive = facts.Long("positiveSum", -Largest, Largest);
        long negative = facts.Long("negativeSum", -Largest, Largest);
        List<JsonNode> accumulator = facts.Items("accumulator", 2, 2);
        long[] bounds = accumulator.Select(item => facts.Long(item, "accumulator", long.MinValue / 2, long.MaxValue / 2)).ToArray();
        LaneWindow[] windows = facts.Items("windows", ManifestLimits.Dimension).Select(item =>
        {
            int[] values = facts.Items(item, "windows", 3, 3).Select(value => (int)facts.Long(value, "windows", int.MinValue, int.MaxValue)).ToArray();
            return values.Length == 3 ? new LaneWindow(values[0], values[1], values[2]) : default;
        }).ToArray();
        facts.Done();
        return bounds.Length == 2 ? new WeightFacts(positive, negative, bounds[0], bounds[1], windows) : new WeightFacts(0, 0, 0, 0, default);
    }
}

/// <summary>What <see cref="LinearFields"/> reads.</summary>
internal sealed record LinearPart(WeightTensor Weights, EquatableArray<int> Bias, EquatableArray<Dyadic> Requantize, WeightFacts Facts);
