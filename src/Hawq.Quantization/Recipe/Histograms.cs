using Hawq.Model;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Recipe;

/// <summary>Statistics of real values that the integer prefix produces, from which the next grid is chosen.</summary>
internal static class Histograms
{
    /// <summary>Of values as they are.</summary>
    public static ValueHistogram Of(Batch<float> values) => Collect(values.Count, values.Shape.Length, (image, target) => values[image].CopyTo(target));

    /// <summary>Of a layer with weights: its accumulators as real values, clamped to the bounds of its output.</summary>
    public static ValueHistogram Of(LinearResult result, Tensor input, LoweredTensor output)
    {
        int channels = result.Linear.Scales.Length;
        double[] steps = new double[channels], bias = new double[channels];
        for (int o = 0; o < channels; o++)
        {
            steps[o] = (double)input.Scale * result.Linear.Scales[o];
            bias[o] = Math.Floor((result.Linear.Bias[o] / steps[o]) + .5);
        }

        return Collect(result.Products.Count, result.Products.Shape.Length, (image, target) =>
        {
            ReadOnlySpan<int> products = result.Products[image];
            for (int i = 0, o = 0; i < target.Length; i++)
            {
                target[i] = (float)Math.Min(Math.Max(steps[o] * (products[i] + bias[o]), output.RealLo), output.RealHi);
                o = o + 1 == channels ? 0 : o + 1;
            }
        });
    }

    /// <summary>Of a change of grid or an average pool: the input's codes as real values, averaged and clamped.</summary>
    public static ValueHistogram Of(LoweredLayer layer, Batch<int> codes, Tensor input, LoweredTensor output)
    {
        bool pool = layer is LoweredGlobalAveragePool;
        int channels = input.Shape.Channels, divisor = pool ? input.Shape.Height * input.Shape.Width : 1;
        return Collect(codes.Count, output.Shape.Length, (image, target) =>
        {
            ReadOnlySpan<int> from = codes[image];
            Span<double> sums = new double[target.Length];
            for (int i = 0; i < from.Length; i++)
            {
                sums[pool ? i % channels : i] += from[i] - input.ZeroPoint;
            }

            for (int i = 0; i < target.Length; i++)
            {
                target[i] = (float)Math.Min(Math.Max(sums[i] / divisor * input.Scale, output.RealLo), output.RealHi);
            }
        });
    }

    /// <summary>Codes as real values.</summary>
    public static Batch<float> Real(Batch<int> codes, Tensor tensor)
    {
        Batch<float> values = new(codes.Shape, codes.Count);
        Parallel.For(0, codes.Count, image =>
        {
            ReadOnlySpan<int> from = codes[image];
            Span<float> to = values[image];
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = tensor.Scale * (from[i] - tensor.ZeroPoint);
            }
        });
        return values;
    }

    private delegate void ReadImage(int image, Span<float> values);

    private static ValueHistogram Collect(int count, int length, ReadImage read)
    {
        ValueHistogram total = new();
        Parallel.For(0, count, () => (Part: new ValueHistogram(), Buffer: new float[length]), (image, _, local) =>
        {
            read(image, local.Buffer);
            local.Part.Add(local.Buffer);
            return local;
        }, local =>
        {
            lock (total)
            {
                total.Merge(local.Part); // order does not matter
            }
        });
        return total;
    }
}
