using System.Globalization;
using Hawq.Model;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Rounding;

namespace Hawq.Quantization.Recipe;

/// <summary>What became of a layer with weights.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Bits">Bit-widths.</param>
/// <param name="SqnrDb">Signal to noise in dB of the layer's output before its activation, against its target, on the calibration inputs.</param>
/// <param name="LossRatio">Layer loss of the chosen codes over that of nearest rounding (1 where rounding is nearest).</param>
/// <param name="Steps">The recipe's steps in order. The last, <c>bias</c>, is against keeping the float bias; all others have the means corrected.</param>
public sealed record LayerReport(string Name, LayerBits Bits, double SqnrDb, double LossRatio, IReadOnlyList<StepGain> Steps)
{
    /// <summary>One line for people: <c>conv1 4/8: 24.1 dB (refit +1.0, scales +0.6, ...)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Bits}: {SqnrDb:0.0} dB ({string.Join(", ", Steps)})");
}

/// <summary>What one step of the recipe gained on a layer.</summary>
/// <param name="Step">Name of the step.</param>
/// <param name="GainDb">By how much the SQNR of the layer's output rose, on the calibration inputs.</param>
public sealed record StepGain(string Step, double GainDb)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Step} {GainDb:+0.0;-0.0;+0.0}");
}

/// <summary>A quantized layer and what it computes on the calibration inputs.</summary>
/// <param name="Linear">Codes, scales and bias.</param>
/// <param name="Products">sum of w * x per output, without bias.</param>
/// <param name="Report">How good it is.</param>
internal sealed record LinearResult(QuantizedLinear Linear, Batch<int> Products, LayerReport Report);

/// <summary>
/// Chooses codes, scales and bias of one layer, given its quantized input and the pre-activation output that it should produce (docs/quantization.md,
/// "Order of work").
/// </summary>
/// <param name="options">The steps.</param>
internal sealed class LinearRecipe(RecipeOptions options)
{
    /// <summary>The steps of an effort.</summary>
    /// <param name="effort">How much work.</param>
    /// <param name="refit">Whether weights may be refitted to the quantized input (the sensitivity of a single layer leaves that out).</param>
    public LinearRecipe(Effort effort, bool refit)
        : this(RecipeOptions.For(effort) is { Refit: true } recipe ? recipe with { Refit = refit } : RecipeOptions.For(effort))
    {
    }

    /// <summary>Quantizes a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">Its input tensor.</param>
    /// <param name="codes">Input codes of the calibration inputs.</param>
    /// <param name="target">Wanted pre-activation outputs.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public LinearResult Quantize(LoweredLinear layer, Tensor input, Batch<int> codes, Batch<float> target, CancellationToken cancellation)
    {
        LinearGeometry geometry = layer.Geometry;
        codes = Centered(codes.Reshape(geometry.Input), input.ZeroPoint);
        (sbyte[] weightCodes, double[] scales, double lossRatio, Trail trail) = options.IsSecondOrder(layer.Bits)
            ? SecondOrder(layer, input, codes, target, cancellation)
            : Nearest(layer, input);
        float[] rounded = [.. scales.Select(s => (float)s)];
        WeightScales.Raise(rounded, layer.Bias, input.Scale);
        Batch<int> products = IntegerEngine.Products(IntegerEngine.Kernel(geometry, weightCodes, input), codes, 0, geometry.Output);
        ChannelMoments moments = ChannelMoments.Of(products, target);
        List<StepGain> gains = [.. trail.Gains(moments.TargetVariance)];
        double before = moments.SqnrDb(rounded, input.Scale);
        if (options.Correction == Correction.Affine)
        {
            rounded = moments.FitSlopes(rounded, input.Scale);
            WeightScales.Raise(rounded, layer.Bias, input.Scale);
            gains.Add(new StepGain("slope", moments.SqnrDb(rounded, input.Scale) - before));
        }

        double[] bias = new double[rounded.Length];
        for (int o = 0; o < bias.Length; o++)
        {
            bias[o] = options.Correction == Correction.None
                ? layer.Bias[o]
                : moments.TargetMean[o] - ((double)input.Scale * rounded[o] * moments.ProductMean[o]);
        }

        KeepInRange(bias, rounded, input.Scale);
        double sqnr = moments.SqnrDb(rounded, input.Scale, bias);
        if (options.Correction != Correction.None)
        {
            gains.Add(new StepGain("bias", sqnr - moments.SqnrDb(rounded, input.Scale, [.. layer.Bias.Select(b => (double)b)])));
        }

        return new LinearResult(new QuantizedLinear(weightCodes, rounded, bias), products, new LayerReport(layer.Name, layer.Bits, sqnr, lossRatio, gains));
    }

    /// <summary>The steps of second-order rounding, summed over channel groups.</summary>
    /// <param name="FloatError">Mean squared error, over all channels, of the float weights on the quantized input.</param>
    /// <param name="Steps">Name and change of that error.</param>
    private sealed record Trail(double FloatError, IReadOnlyList<RoundingStep> Steps)
    {
        public static Trail None { get; } = new(0, []);

        /// <summary>Gain of every step over the one before it.</summary>
        /// <param name="signal">Variance of the target, over all channels.</param>
        public IEnumerable<StepGain> Gains(double signal)
        {
            double Db(RoundingStep step) => 10 * Math.Log10(Math.Max(signal, 1e-300) / Math.Max(FloatError + step.Change, 1e-12 * Math.Max(signal, 1e-300)));
            return Steps.Skip(1).Select((step, i) => new StepGain(step.Name, Db(step) - Db(Steps[i])));
        }
    }

    private (sbyte[] Codes, double[] Scales, double LossRatio, Trail Trail) Nearest(LoweredLinear layer, Tensor input)
    {
        // Clipping the largest weights needs the slope correction that follows: without it the output's amplitude shrinks.
        double[] scales = options.Scaling == WeightScaling.LeastSquares && layer.Bits.Weights < 8 ? WeightScales.LeastSquaredError(layer) : WeightScales.Largest(layer);
        return (WeightScales.Round(layer, scales, input), scales, 1, Trail.None);
    }

    private (sbyte[] Codes, double[] Scales, double LossRatio, Trail Trail) SecondOrder(
        LoweredLinear layer, Tensor input, Batch<int> codes, Batch<float> target, CancellationToken cancellation)
    {
        LinearGeometry geometry = layer.Geometry;
        SecondOrderRounder rounder = new(options);
        CodeGrid grid = CodeGrid.Of(layer.Bits);
        LaneBudget? budget = LaneBudget.Of(layer, input);
        Func<ReadOnlyMemory<float>, bool>? holds = budget is null ? null : row => budget.Holds(row.Span);
        Batch<float>? errors = options.Refit ? FloatErrors(layer, input, codes, target) : null;
        int rows = geometry.Output.Channels / geometry.Groups, size = geometry.PerChannel;
        sbyte[] result = new sbyte[layer.Weights.Length];
        double[] scales = new double[geometry.Output.Channels];
        double[] losses = new double[geometry.Groups], nearestLosses = new double[geometry.Groups];
        List<RoundingStep> steps = [];
        for (int group = 0; group < geometry.Groups; group++)
        {
            cancellation.ThrowIfCancellationRequested();
            InputStatistics statistics = InputStatisticsCollector.Collect(geometry, group, codes, errors, cancellation);
            float[] padded = new float[rows * statistics.Stride];
            for (int row = 0; row < rows; row++)
            {
                layer.Weights.AsSpan(((group * rows) + row) * size, size).CopyTo(padded.AsSpan(row * statistics.Stride));
            }

            // A group whose input never changes carries no second-order information: the bias takes all of it.
            RoundedRows rounded = statistics.MeanVariance > 0
                ? rounder.Round(padded, grid, statistics, input.Scale, holds)
                : SecondOrderRounder.Nearest(padded, size, statistics.Stride, grid);
            (losses[group], nearestLosses[group]) = (rounded.Loss, rounded.NearestLoss);
            steps = rounded.Path.Count == 0 ? steps : [.. rounded.Path.Select((step, i) => step with { Change = step.Change + (i < steps.Count ? steps[i].Change : 0) })];
            for (int row = 0; row < rows; row++)
            {
                int channel = (group * rows) + row;
                scales[channel] = rounded.Scales[row];
                bool isEmpty = !layer.Weights.AsSpan(channel * size, size).ContainsAnyExcept(0f); // a channel without weights computes its bias
                for (int k = 0; k < size && !isEmpty; k++)
                {
                    result[(channel * size) + k] = (sbyte)rounded.Codes[(row * statistics.Stride) + k];
                }
            }
        }

        double nearest = nearestLosses.Sum();
        return (result, scales, nearest > 0 ? losses.Sum() / nearest : 1, errors is null ? Trail.None : new Trail(Variance(errors), steps));
    }

    private static Batch<int> Centered(Batch<int> codes, int zeroPoint)
    {
        if (zeroPoint == 0)
        {
            return codes;
        }

        Batch<int> centered = new(codes.Shape, codes.Count);
        for (int i = 0; i < codes.Data.Length; i++)
        {
            centered.Data[i] = codes.Data[i] - zeroPoint;
        }

        return centered;
    }

    /// <summary>target - (W x + b): what the float weights miss on the quantized input.</summary>
    private static Batch<float> FloatErrors(LoweredLinear layer, Tensor input, Batch<int> codes, Batch<float> target)
    {
        Batch<float> values = new(codes.Shape, codes.Count), errors = new(layer.Geometry.Output, codes.Count);
        for (int i = 0; i < values.Data.Length; i++)
        {
            values.Data[i] = input.Scale * codes.Data[i];
        }

        new LinearKernel(layer.Geometry, layer.Weights).Run(values, errors, layer.Bias);
        for (int i = 0; i < errors.Data.Length; i++)
        {
            errors.Data[i] = target.Data[i] - errors.Data[i];
        }

        return errors;
    }

    /// <summary>Variance over images and positions, summed over channels.</summary>
    private static double Variance(Batch<float> values)
    {
        int channels = values.Shape.Channels;
        double[] sums = new double[channels];
        double squares = 0, n = (double)values.Data.Length / channels;
        for (int i = 0; i < values.Data.Length; i++)
        {
            sums[i % channels] += values.Data[i];
            squares += (double)values.Data[i] * values.Data[i];
        }

        return (squares / n) - sums.Sum(sum => sum / n * (sum / n));
    }

    /// <summary>A corrected bias may be larger than the float one that the scales were raised for.</summary>
    private static void KeepInRange(double[] bias, float[] scales, float inputScale)
    {
        for (int o = 0; o < bias.Length; o++)
        {
            double limit = (double)inputScale * scales[o] * WeightScales.BiasLimit;
            bias[o] = Math.Clamp(bias[o], -limit, limit);
        }
    }
}
