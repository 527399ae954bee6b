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
public sealed record LayerReport(string Name, LayerBits Bits, double SqnrDb, double LossRatio);

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
        bool secondOrder = options.SecondOrder && (layer.Bits.Weights < 8 || layer.Bits.Activations <= 4 || layer.Bits.Window > 0);
        (sbyte[] weightCodes, double[] scales, double lossRatio) = secondOrder
            ? SecondOrder(layer, input, codes, target, cancellation)
            : Nearest(layer, input);
        float[] rounded = [.. scales.Select(s => (float)s)];
        WeightScales.Raise(rounded, layer.Bias, input.Scale);
        Batch<int> products = IntegerEngine.Products(IntegerEngine.Kernel(geometry, weightCodes, input), codes, 0, geometry.Output);
        ChannelMoments moments = ChannelMoments.Of(products, target);
        if (options.Correction == Correction.Affine)
        {
            rounded = moments.FitSlopes(rounded, input.Scale);
            WeightScales.Raise(rounded, layer.Bias, input.Scale);
        }

        double[] bias = new double[rounded.Length];
        for (int o = 0; o < bias.Length; o++)
        {
            bias[o] = options.Correction == Correction.None
                ? layer.Bias[o]
                : moments.TargetMean[o] - ((double)input.Scale * rounded[o] * moments.ProductMean[o]);
        }

        KeepInRange(bias, rounded, input.Scale);
        return new LinearResult(
            new QuantizedLinear(weightCodes, rounded, bias), products, new LayerReport(layer.Name, layer.Bits, moments.SqnrDb(rounded, input.Scale), lossRatio));
    }

    private (sbyte[] Codes, double[] Scales, double LossRatio) Nearest(LoweredLinear layer, Tensor input)
    {
        // Clipping the largest weights needs the slope correction that follows: without it the output's amplitude shrinks.
        double[] scales = options.Scaling == WeightScaling.LeastSquares && layer.Bits.Weights < 8 ? WeightScales.LeastSquaredError(layer) : WeightScales.Largest(layer);
        return (WeightScales.Round(layer, scales, input), scales, 1);
    }

    private (sbyte[] Codes, double[] Scales, double LossRatio) SecondOrder(
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
        return (result, scales, nearest > 0 ? losses.Sum() / nearest : 1);
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
