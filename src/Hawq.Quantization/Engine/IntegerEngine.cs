using Hawq.Model;
using Hawq.Reference;

namespace Hawq.Quantization.Engine;

/// <summary>
/// Runs quantized layers over a batch, quickly and on all cores, with the results of integer-semantics.md to the bit (tests compare it with the reference
/// interpreter). The quantizer needs it for the integer prefix; it also evaluates whole networks.
/// </summary>
internal static class IntegerEngine
{
    /// <summary>Runs one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kernel">Of a layer with weights, see <see cref="Kernel"/>; else null.</param>
    /// <param name="tensor">A tensor by name.</param>
    /// <param name="read">The codes of an input tensor.</param>
    public static Batch<int> Run(Layer layer, LinearKernel? kernel, Func<string, Tensor> tensor, Func<string, Batch<int>> read)
    {
        Tensor output = tensor(layer.Output);
        switch (layer)
        {
            case LinearLayer linear:
                {
                Batch<int> x = read(linear.Input);
                Batch<int> products = Products(kernel!, x, tensor(linear.Input).ZeroPoint, output.Shape);
                return Requantize(AddBias(products, linear.Bias.ToArray()), linear, output);
            }

            case AddLayer add:
                return Add(read(add.A), tensor(add.A).ZeroPoint, add.RequantizeA, read(add.B), tensor(add.B).ZeroPoint, add.RequantizeB, output);
            case RequantizeLayer requantize:
                return Map(read(requantize.Input), output, tensor(requantize.Input).ZeroPoint, requantize.Requantize);
            case GlobalAveragePoolLayer pool:
                return Map(Sum(read(pool.Input), output.Shape, tensor(pool.Input).ZeroPoint), output, 0, pool.Requantize);
            case SliceLayer slice:
                return Moves.Slice(read(slice.Input), output.Shape, slice.Start, slice.Step, slice.StartChannel);
            case PadLayer pad:
                return Moves.Pad(read(pad.Input), output.Shape, pad.Padding, pad.ChannelsBefore, output.ZeroPoint);
            default:
                return RunReference(layer, tensor, read, output);
        }
    }

    /// <summary>Layers that are a small part of the work run in the reference interpreter's operators, image by image.</summary>
    private static Batch<int> RunReference(Layer layer, Func<string, Tensor> tensor, Func<string, Batch<int>> read, Tensor output)
    {
        Tensor[] inputs = [.. layer.Inputs.Select(tensor)];
        Batch<int>[] values = [.. layer.Inputs.Select(read)];
        Batch<int> y = new(output.Shape, values[0].Count);
        Parallel.For(0, y.Count, image =>
        {
            TensorValue[] codes = new TensorValue[inputs.Length];
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] = new TensorValue(inputs[i], values[i][image].ToArray());
            }

            LayerEvaluator.Evaluate(layer, codes, output).CopyTo(y[image]);
        });
        return y;
    }

    /// <summary>The kernel of a layer with weights.</summary>
    /// <param name="geometry">Shape of the computation.</param>
    /// <param name="weights">[output channel][kernel row][kernel column][input channel of the group].</param>
    /// <param name="input">Input tensor; its range bounds the sums.</param>
    public static LinearKernel Kernel(LinearGeometry geometry, sbyte[] weights, Tensor input)
    {
        int magnitude = Math.Max(Math.Abs(input.Lo - input.ZeroPoint), Math.Abs(input.Hi - input.ZeroPoint));
        return new LinearKernel(geometry, Array.ConvertAll(weights, w => (float)w), Math.Max(magnitude, 1));
    }

    /// <summary>Adds a bias per channel in place.</summary>
    public static Batch<int> AddBias(Batch<int> products, int[] bias)
    {
        Parallel.For(0, products.Count, image =>
        {
            Span<int> values = products[image];
            for (int i = 0, o = 0; i < values.Length; i++)
            {
                values[i] = checked(values[i] + bias[o]);
                o = o + 1 == bias.Length ? 0 : o + 1;
            }
        });
        return products;
    }

    /// <summary>sum of w * (x - zeroPoint(x)), without bias.</summary>
    public static Batch<int> Products(LinearKernel kernel, Batch<int> x, int zeroPoint, Shape output)
    {
        if (zeroPoint != 0)
        {
            Batch<int> centered = new(x.Shape, x.Count);
            for (int i = 0; i < x.Data.Length; i++)
            {
                centered.Data[i] = x.Data[i] - zeroPoint;
            }

            x = centered;
        }

        Batch<int> y = new(output, x.Count);
        kernel.Run(x, y);
        return y;
    }

    /// <summary>Accumulators to output codes, in place.</summary>
    public static Batch<int> Requantize(Batch<int> accumulators, LinearLayer layer, Tensor output)
    {
        Dyadic[] requantize = layer.Requantize.ToArray();
        Parallel.For(0, accumulators.Count, image =>
        {
            Span<int> values = accumulators[image];
            for (int i = 0, o = 0; i < values.Length; i++)
            {
                values[i] = Clamp(Round(values[i], requantize[o]) + output.ZeroPoint, output);
                o = o + 1 == requantize.Length ? 0 : o + 1;
            }
        });
        return accumulators;
    }

    private static Batch<int> Add(Batch<int> a, int zeroA, Dyadic scaleA, Batch<int> b, int zeroB, Dyadic scaleB, Tensor output)
    {
        Batch<int> y = new(output.Shape, a.Count);
        Parallel.For(0, a.Count, image =>
        {
            Span<int> left = a[image], right = b[image], sum = y[image];
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] = Clamp(Round(left[i] - (long)zeroA, scaleA) + Round(right[i] - (long)zeroB, scaleB) + output.ZeroPoint, output);
            }
        });
        return y;
    }

    private static Batch<int> Map(Batch<int> x, Tensor output, int zeroPoint, Dyadic scale)
    {
        Batch<int> y = new(output.Shape, x.Count);
        Parallel.For(0, x.Count, image =>
        {
            Span<int> from = x[image], to = y[image];
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = Clamp(Round(from[i] - (long)zeroPoint, scale) + output.ZeroPoint, output);
            }
        });
        return y;
    }

    private static Batch<int> Sum(Batch<int> x, Shape shape, int zeroPoint)
    {
        Batch<int> y = new(shape, x.Count);
        for (int image = 0; image < x.Count; image++)
        {
            Span<int> values = x[image], sums = y[image];
            for (int i = 0, c = 0; i < values.Length; i++)
            {
                sums[c] = checked(sums[c] + values[i] - zeroPoint);
                c = c + 1 == sums.Length ? 0 : c + 1;
            }
        }

        return y;
    }

    /// <summary>The dyadic product rounded half up. |value| is at most 2^32 and b below 2^31, so int64 holds the product.</summary>
    private static long Round(long value, Dyadic scale) => ((value * scale.Multiplier) + (1L << (scale.Shift - 1))) >> scale.Shift;

    private static int Clamp(long value, Tensor tensor) => (int)Math.Min(Math.Max(value, tensor.Lo), tensor.Hi);
}
