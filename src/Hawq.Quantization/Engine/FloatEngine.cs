using System.Numerics;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Engine;

/// <summary>Runs lowered layers in float: together they are the float network.</summary>
internal static class FloatEngine
{
    /// <summary>Runs one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="output">Its output tensor.</param>
    /// <param name="read">The value of an input tensor.</param>
    public static Batch<float> Run(LoweredLayer layer, LoweredTensor output, Func<string, Batch<float>> read)
    {
        switch (layer)
        {
            case LoweredLinear linear:
                return Clamp(Linear(linear, read(linear.Input)), output);
            case LoweredRequantize requantize:
                return Clamp(Copy(read(requantize.Input)), output);
            case LoweredAdd add:
            {
                Batch<float> a = read(add.A), b = read(add.B), sum = new(output.Shape, a.Count);
                for (int i = 0; i < sum.Data.Length; i++)
                {
                    sum.Data[i] = a.Data[i] + b.Data[i];
                }

                return Clamp(sum, output);
            }

            case LoweredGlobalAveragePool pool:
                return Mean(read(pool.Input), output.Shape);
            case LoweredMove move:
                return Moves.Run(move.Node, read(move.Input), output.Shape, 0f);
            case LoweredAveragePool or LoweredConcat or LoweredLookup or LoweredMul or LoweredSub:
                return Clamp(FloatOperators.Run(layer, output, read), output);
            default:
                throw new InvalidOperationException($"No float form of {layer.GetType().Name}.");
        }
    }

    /// <summary>The layer's result before a fused clamp.</summary>
    public static Batch<float> Linear(LoweredLinear layer, Batch<float> x)
    {
        Batch<float> y = new(layer.Geometry.Output, x.Count);
        new LinearKernel(layer.Geometry, layer.Weights).Run(x, y, layer.Bias);
        return y;
    }

    /// <summary>Clamps in place to the tensor's real bounds.</summary>
    public static Batch<float> Clamp(Batch<float> values, LoweredTensor tensor)
    {
        if (!float.IsNegativeInfinity(tensor.RealLo) || !float.IsPositiveInfinity(tensor.RealHi))
        {
            foreach (ref float value in values.Data.AsSpan())
            {
                value = Math.Min(Math.Max(value, tensor.RealLo), tensor.RealHi);
            }
        }

        return values;
    }

    private static Batch<float> Copy(Batch<float> x)
    {
        Batch<float> y = new(x.Shape, x.Count);
        x.Data.CopyTo(y.Data, 0);
        return y;
    }

    private static Batch<float> Mean(Batch<float> x, Shape shape)
    {
        Batch<float> y = new(shape, x.Count);
        int positions = x.Shape.Height * x.Shape.Width, channels = x.Shape.Channels;
        double[] sums = new double[channels];
        for (int image = 0; image < x.Count; image++)
        {
            Array.Clear(sums);
            Span<float> values = x[image];
            for (int i = 0; i < values.Length; i++)
            {
                sums[i % channels] += values[i];
            }

            for (int c = 0; c < channels; c++)
            {
                y[image][c] = (float)(sums[c] / positions);
            }
        }

        return y;
    }
}

/// <summary>Layers that only move values.</summary>
internal static class Moves
{
    /// <summary>Runs a node.</summary>
    public static Batch<T> Run<T>(FloatNode node, Batch<T> x, Shape shape, T zero)
        where T : INumber<T> => node switch
    {
        SliceNode slice => Slice(x, shape, slice.Start, slice.Step, slice.StartChannel),
        PadNode pad => Pad(x, shape, pad.Padding, pad.ChannelsBefore, zero),
        MaxPoolNode or ChannelPermutationNode or ResizeNode or SpreadNode => Rearrangements.Run(node, x, shape, zero),
        _ => throw new InvalidOperationException($"{node.GetType().Name} does not only move values."),
    };

    /// <summary>Every step-th row and column and a range of channels.</summary>
    public static Batch<T> Slice<T>(Batch<T> x, Shape shape, Size2 start, Size2 step, int startChannel)
    {
        Batch<T> y = new(shape, x.Count);
        for (int image = 0; image < x.Count; image++)
        {
            for (int row = 0; row < shape.Height; row++)
            {
                for (int column = 0; column < shape.Width; column++)
                {
                    int from = (((start.Height + (row * step.Height)) * x.Shape.Width) + start.Width + (column * step.Width)) * x.Shape.Channels;
                    x[image].Slice(from + startChannel, shape.Channels).CopyTo(y[image][(((row * shape.Width) + column) * shape.Channels)..]);
                }
            }
        }

        return y;
    }

    /// <summary>Rows, columns and channels of zero points around.</summary>
    public static Batch<T> Pad<T>(Batch<T> x, Shape shape, Padding padding, int channelsBefore, T zero)
    {
        Batch<T> y = new(shape, x.Count);
        Array.Fill(y.Data, zero);
        for (int image = 0; image < x.Count; image++)
        {
            for (int row = 0; row < x.Shape.Height; row++)
            {
                for (int column = 0; column < x.Shape.Width; column++)
                {
                    int to = ((((row + padding.Top) * shape.Width) + column + padding.Left) * shape.Channels) + channelsBefore;
                    x[image].Slice(((row * x.Shape.Width) + column) * x.Shape.Channels, x.Shape.Channels).CopyTo(y[image][to..]);
                }
            }
        }

        return y;
    }
}
