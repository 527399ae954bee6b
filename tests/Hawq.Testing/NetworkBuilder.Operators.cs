using Hawq.Model;

namespace Hawq.Testing;

/// <summary>Operators without weights.</summary>
public sealed partial class NetworkBuilder
{
    /// <summary>The largest code in a window.</summary>
    public string MaxPool(string input, Size2 kernel, Size2 stride, Padding padding = default, Size2? dilation = null)
    {
        Tensor x = this[input];
        Size2 distance = dilation ?? new Size2(1, 1);
        string name = NewLayerName("maxpool");
        Tensor output = Like(x, name + "_out", Windows(x.Shape, kernel, stride, padding, distance));
        return Append(new MaxPoolLayer(name, input, output.Name, kernel, stride, padding, distance));
    }

    /// <summary>The average over a window.</summary>
    /// <param name="input">Input tensor.</param>
    /// <param name="kernel">Window.</param>
    /// <param name="stride">Stride.</param>
    /// <param name="padding">Padding.</param>
    /// <param name="countPadding">Whether padding counts; otherwise the divisor is the number of taps inside the input.</param>
    /// <param name="activation">Range of the output.</param>
    public string AveragePool(string input, Size2 kernel, Size2 stride, Padding padding = default, bool countPadding = false, Activation? activation = null)
    {
        Tensor x = this[input];
        Activation range = activation ?? Activation.U7;
        float scale = x.Scale * _magnitudes[input] * 0.7f / range.Magnitude;
        string name = NewLayerName("averagepool");
        Tensor output = NewTensor(name + "_out", Windows(x.Shape, kernel, stride, padding, new Size2(1, 1)), range, scale);
        IEnumerable<int> counts = countPadding ? [kernel.Height * kernel.Width] : WindowTaps.Counts(x.Shape, output.Shape, kernel, stride, padding);
        PoolDivisor[] divisors = [.. counts.Select(count => new PoolDivisor(count, Dyadic.FromReal(x.Scale / ((double)count * scale))))];
        return Append(new AveragePoolLayer(name, input, output.Name, kernel, stride, padding, divisors));
    }

    /// <summary>Channels of several tensors; parts that are on the joined grid already keep their codes.</summary>
    public string Concat(Activation? activation, params string[] parts)
    {
        Tensor first = this[parts[0]];
        float scale = first.Scale;
        Activation range = activation ?? new Activation(first.Bits, first.Lo, first.Hi, first.ZeroPoint);
        if (activation is not null)
        {
            scale = parts.Max(part => this[part].Scale * _magnitudes[part]) * 0.8f / range.Magnitude;
        }

        string name = NewLayerName("concat");
        Tensor output = NewTensor(name + "_out", first.Shape with { Channels = parts.Sum(part => this[part].Shape.Channels) }, range, scale);
        return Append(new ConcatLayer(name, parts, output.Name, parts.Select(part => Dyadic.FromReal((double)this[part].Scale / scale)).ToArray()));
    }

    /// <summary>A random function of every element: one table, or one per channel.</summary>
    public string Lookup(string input, Activation activation, bool perChannel = false)
    {
        Tensor x = this[input];
        string name = NewLayerName("lookup");
        Tensor output = NewTensor(name + "_out", x.Shape, activation);
        EquatableArray<int>[] tables =
        [
            .. Enumerable.Range(0, perChannel ? x.Shape.Channels : 1).Select(_ => (EquatableArray<int>)Enumerable.Range(x.Lo, x.Hi - x.Lo + 1)
                .Select(_ => _random.Next(activation.Lo, activation.Hi + 1)).ToArray()),
        ];
        return Append(new LookupLayer(name, input, output.Name, tables));
    }

    /// <summary>The product of two tensors of one shape, or of a tensor and a pixel of as many channels.</summary>
    public string Mul(string a, string b, Activation? activation = null)
    {
        Tensor x = this[a];
        Tensor y = this[b];
        Activation range = activation ?? Activation.U7;
        float scale = x.Scale * _magnitudes[a] * y.Scale * _magnitudes[b] * 0.5f / range.Magnitude;
        string name = NewLayerName("mul");
        Tensor output = NewTensor(name + "_out", x.Shape, range, scale);
        return Append(new MulLayer(name, a, b, output.Name, Dyadic.FromReal((double)x.Scale * y.Scale / scale)));
    }

    /// <summary>The difference of two tensors of one shape.</summary>
    public string Sub(string a, string b, Activation? activation = null)
    {
        Tensor x = this[a];
        Tensor y = this[b];
        Activation range = activation ?? Activation.S16;
        float scale = ((x.Scale * _magnitudes[a]) + (y.Scale * _magnitudes[b])) * 0.6f / range.Magnitude;
        string name = NewLayerName("sub");
        Tensor output = NewTensor(name + "_out", x.Shape, range, scale);
        return Append(new SubLayer(name, a, b, output.Name, Dyadic.FromReal((double)x.Scale / scale), Dyadic.FromReal((double)y.Scale / scale)));
    }

    /// <summary>The channels in a random order.</summary>
    public string Permute(string input)
    {
        Tensor x = this[input];
        int[] source = [.. Enumerable.Range(0, x.Shape.Channels)];
        _random.Shuffle(source);
        string name = NewLayerName("permute");
        return Append(new PermuteLayer(name, input, Like(x, name + "_out", x.Shape).Name, source));
    }

    /// <summary>Every pixel repeated.</summary>
    public string Resize(string input, int rows, int columns)
    {
        Tensor x = this[input];
        string name = NewLayerName("resize");
        Tensor output = Like(x, name + "_out", new Shape(x.Shape.Height * rows, x.Shape.Width * columns, x.Shape.Channels));
        return Append(new ResizeLayer(name, input, output.Name, new Size2(rows, columns)));
    }

    /// <summary>Zero points between rows and columns.</summary>
    public string Spread(string input, int rows, int columns)
    {
        Tensor x = this[input];
        string name = NewLayerName("spread");
        Tensor output = Like(x, name + "_out", new Shape(((x.Shape.Height - 1) * rows) + 1, ((x.Shape.Width - 1) * columns) + 1, x.Shape.Channels));
        return Append(new SpreadLayer(name, input, output.Name, new Size2(rows, columns)));
    }

    private static Shape Windows(Shape x, Size2 kernel, Size2 stride, Padding padding, Size2 dilation) => new(
        (int)WindowTaps.Outputs(x.Height, padding.Top, padding.Bottom, kernel.Height, stride.Height, dilation.Height),
        (int)WindowTaps.Outputs(x.Width, padding.Left, padding.Right, kernel.Width, stride.Width, dilation.Width),
        x.Channels);
}
