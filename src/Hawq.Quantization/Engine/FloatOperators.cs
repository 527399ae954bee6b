using System.Numerics;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Engine;

/// <summary>Operators without weights in float.</summary>
internal static class FloatOperators
{
    /// <summary>Runs one layer.</summary>
    public static Batch<float> Run(LoweredLayer layer, LoweredTensor output, Func<string, Batch<float>> read)
    {
        Batch<float>[] inputs = [.. layer.Inputs.Select(read)];
        Batch<float> y = new(output.Shape, inputs[0].Count);
        Parallel.For(0, y.Count, image =>
        {
            switch (layer)
            {
                case LoweredAveragePool pool:
                    Average(pool.Node, inputs[0].Shape, output.Shape, inputs[0][image], y[image]);
                    break;
                case LoweredConcat:
                    Concat(inputs, image, y);
                    break;
                case LoweredLookup lookup:
                    Lookup(lookup, inputs[0][image], y[image], output.Shape.Channels);
                    break;
                case LoweredMul:
                    Mul(inputs[0][image], inputs[1][image], y[image]);
                    break;
                default:
                    Subtract(inputs[0][image], inputs[1][image], y[image]);
                    break;
            }
        });
        return y;
    }

    private static void Average(AveragePoolNode node, Shape from, Shape to, ReadOnlySpan<float> x, Span<float> y)
    {
        double[] sums = new double[to.Channels];
        for (int row = 0; row < to.Height; row++)
        {
            for (int column = 0; column < to.Width; column++)
            {
                Array.Clear(sums);
                int count = 0;
                foreach (int tap in Windows.Taps(from, row, column, node.Kernel, node.Stride, node.Padding, new Size2(1, 1)))
                {
                    count++;
                    for (int c = 0; c < sums.Length; c++)
                    {
                        sums[c] += x[tap + c];
                    }
                }

                int divisor = node.CountIncludePad ? node.Kernel.Height * node.Kernel.Width : count;
                for (int c = 0; c < sums.Length; c++)
                {
                    y[(((row * to.Width) + column) * to.Channels) + c] = (float)(sums[c] / divisor);
                }
            }
        }
    }

    private static void Concat(Batch<float>[] parts, int image, Batch<float> y)
    {
        int first = 0;
        foreach (Batch<float> part in parts)
        {
            int channels = part.Shape.Channels;
            for (int pixel = 0; pixel < y.Shape.Height * y.Shape.Width; pixel++)
            {
                part[image].Slice(pixel * channels, channels).CopyTo(y[image][((pixel * y.Shape.Channels) + first)..]);
            }

            first += channels;
        }
    }

    private static void Lookup(LoweredLookup lookup, ReadOnlySpan<float> x, Span<float> y, int channels)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = (float)lookup.Functions[lookup.Functions.Count == 1 ? 0 : i % channels](x[i]);
        }
    }

    private static void Mul(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        for (int i = 0, j = 0; i < y.Length; i++)
        {
            y[i] = a[i] * b[j];
            j = j + 1 == b.Length ? 0 : j + 1;
        }
    }

    private static void Subtract(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = a[i] - b[i];
        }
    }
}

/// <summary>Windows of pooling layers.</summary>
internal static class Windows
{
    /// <summary>Index of channel 0 of every tap inside the input.</summary>
    public static IEnumerable<int> Taps(Shape input, int outputRow, int outputColumn, Size2 kernel, Size2 stride, Padding padding, Size2 dilation)
    {
        for (int r = 0; r < kernel.Height; r++)
        {
            for (int s = 0; s < kernel.Width; s++)
            {
                int row = (outputRow * stride.Height) - padding.Top + (r * dilation.Height);
                int column = (outputColumn * stride.Width) - padding.Left + (s * dilation.Width);
                if (row >= 0 && row < input.Height && column >= 0 && column < input.Width)
                {
                    yield return ((row * input.Width) + column) * input.Channels;
                }
            }
        }
    }
}

/// <summary>Layers that only move values, in float or as codes.</summary>
internal static class Rearrangements
{
    /// <summary>Runs a max pool, channel permutation, resize or spread node.</summary>
    public static Batch<T> Run<T>(FloatNode node, Batch<T> x, Shape shape, T zero)
        where T : INumber<T>
    {
        Batch<T> y = new(shape, x.Count);
        Parallel.For(0, x.Count, image =>
        {
            switch (node)
            {
                case MaxPoolNode pool:
                    Max(pool, x.Shape, shape, x[image], y[image]);
                    break;
                case ChannelPermutationNode permutation:
                    Permute(permutation.Source, x[image], y[image]);
                    break;
                case ResizeNode resize:
                    Resize(resize.Factor, x.Shape, shape, x[image], y[image]);
                    break;
                default:
                    y[image].Fill(zero);
                    Spread(((SpreadNode)node).Step, x.Shape, shape, x[image], y[image]);
                    break;
            }
        });
        return y;
    }

    private static void Max<T>(MaxPoolNode node, Shape from, Shape to, ReadOnlySpan<T> x, Span<T> y)
        where T : INumber<T>
    {
        int channels = to.Channels;
        for (int pixel = 0; pixel < to.Height * to.Width; pixel++)
        {
            Span<T> target = y.Slice(pixel * channels, channels);
            bool first = true;
            foreach (int tap in Windows.Taps(from, pixel / to.Width, pixel % to.Width, node.Kernel, node.Stride, node.Padding, node.Dilation))
            {
                ReadOnlySpan<T> values = x.Slice(tap, channels);
                for (int c = 0; c < channels; c++)
                {
                    target[c] = first ? values[c] : T.Max(target[c], values[c]);
                }

                first = false;
            }
        }
    }

    private static void Permute<T>(IReadOnlyList<int> source, ReadOnlySpan<T> x, Span<T> y)
    {
        int channels = source.Count;
        for (int pixel = 0; pixel < y.Length; pixel += channels)
        {
            for (int c = 0; c < channels; c++)
            {
                y[pixel + c] = x[pixel + source[c]];
            }
        }
    }

    private static void Resize<T>(Size2 factor, Shape from, Shape to, ReadOnlySpan<T> x, Span<T> y)
    {
        for (int pixel = 0; pixel < to.Height * to.Width; pixel++)
        {
            int source = (pixel / to.Width / factor.Height * from.Width) + (pixel % to.Width / factor.Width);
            x.Slice(source * to.Channels, to.Channels).CopyTo(y[(pixel * to.Channels)..]);
        }
    }

    private static void Spread<T>(Size2 step, Shape from, Shape to, ReadOnlySpan<T> x, Span<T> y)
    {
        for (int pixel = 0; pixel < from.Height * from.Width; pixel++)
        {
            int target = (pixel / from.Width * step.Height * to.Width) + (pixel % from.Width * step.Width);
            x.Slice(pixel * from.Channels, from.Channels).CopyTo(y[(target * from.Channels)..]);
        }
    }
}
