using System.Numerics;
using Hawq.Model;

namespace Hawq.Quantization.Engine;

/// <summary>
/// A convolution (any stride, padding, dilation, groups) or fully connected layer over a batch, in float or exactly in integers. Without bias:
/// callers add it in their own arithmetic.
/// </summary>
/// <remarks>
/// Integers are computed in float32, which is exact while every partial sum stays below 2^24. The weights are cut along the kernel into segments whose
/// worst-case sum |w| * max|x| obeys that; the segments' sums are added in int32. CIFAR-sized layers need one segment.
/// </remarks>
internal sealed unsafe class LinearKernel
{
    private const double ExactLimit = 1 << 24;

    private readonly LinearGeometry _geometry;
    private readonly int _outputs; // output channels of one group
    private readonly int _padded;
    private readonly int _rowElements; // of the padded image
    private readonly int _runLength;
    private readonly int[] _runs;
    private readonly float[] _packed; // [group][run][element][padded output channel]; depthwise: [tap][channel]
    private readonly List<(int First, int Count)> _segments;

    /// <summary>Packs weights.</summary>
    /// <param name="geometry">The layer.</param>
    /// <param name="weights">[output channel][kernel row][kernel column][input channel of the group].</param>
    /// <param name="maxInput">Largest magnitude of an input, for the exact integer form; 0 for real inputs.</param>
    public LinearKernel(LinearGeometry geometry, ReadOnlySpan<float> weights, int maxInput = 0)
    {
        _geometry = geometry;
        int channels = geometry.Input.Channels, perGroup = geometry.InputChannels, height = geometry.Kernel.Height, width = geometry.Kernel.Width;
        int imageWidth = geometry.Input.Width + geometry.Padding.Left + geometry.Padding.Right;
        _rowElements = imageWidth * channels;
        _outputs = geometry.Output.Channels / geometry.Groups;
        if (geometry.IsDepthwise)
        {
            _padded = channels;
            _runLength = channels;
        }
        else
        {
            _padded = MicroKernel.Pad(_outputs);
            // A whole kernel row lies in one piece when its taps are neighbours and use all channels. Integer runs are kept short enough to cut.
            bool wholeRow = geometry.Groups == 1 && geometry.Dilation.Width == 1 && (maxInput == 0 || maxInput * 127.0 * width * perGroup < ExactLimit);
            _runLength = wholeRow ? width * perGroup : perGroup;
        }

        int tapsPerRun = geometry.IsDepthwise ? 1 : _runLength / perGroup;
        int runCount = height * width / tapsPerRun;
        int cut = !geometry.IsDepthwise && maxInput > 0 && maxInput * 127.0 * _runLength >= ExactLimit ? Math.Max(1, (int)(ExactLimit / (maxInput * 127.0)) - 1) : _runLength;
        while (_runLength % cut != 0)
        {
            cut--;
        }

        int pieces = _runLength / cut;
        _runs = new int[runCount * pieces];
        for (int r = 0; r < runCount; r++)
        {
            int tap = r * tapsPerRun;
            for (int piece = 0; piece < pieces; piece++)
            {
                _runs[(r * pieces) + piece] = (tap / width * geometry.Dilation.Height * _rowElements) + (tap % width * geometry.Dilation.Width * channels) + (piece * cut);
            }
        }

        _runLength = cut;
        _packed = Pack(weights);
        _segments = Segments(maxInput);
    }

    /// <summary>y = clamp(conv(x) + bias, lo, hi) in float.</summary>
    public void Run(Batch<float> x, Batch<float> y, float[] bias, float lo = float.NegativeInfinity, float hi = float.PositiveInfinity)
    {
        int channels = _geometry.Output.Channels;
        Rows(x.Data, x.Count, (image, row, sums) =>
        {
            Span<float> target = y[image].Slice(row * sums.Length, sums.Length);
            for (int i = 0, o = 0; i < sums.Length; i++)
            {
                target[i] = Math.Min(Math.Max(sums[i] + bias[o], lo), hi);
                o = o + 1 == channels ? 0 : o + 1;
            }
        });
    }

    /// <summary>y = conv(x), exactly.</summary>
    public void Run(Batch<int> x, Batch<int> y)
    {
        bool first = true;
        foreach ((int First, int Count) segment in _segments)
        {
            bool replace = first;
            Rows(x.Data, x.Count, (image, row, sums) =>
            {
                Span<int> target = y[image].Slice(row * sums.Length, sums.Length);
                for (int i = 0; i < sums.Length; i++)
                {
                    target[i] = replace ? (int)sums[i] : checked(target[i] + (int)sums[i]);
                }
            }, segment);
            first = false;
        }
    }

    private delegate void RowSink(int image, int row, ReadOnlySpan<float> sums);

    private void Rows<T>(T[] x, int count, RowSink sink, (int First, int Count)? segment = null)
        where T : unmanaged, INumber<T>
    {
        (int firstRun, int runCount) = segment ?? (0, _runs.Length);
        Shape input = _geometry.Input, output = _geometry.Output;
        Padding padding = _geometry.Padding;
        int imageRows = input.Height + padding.Top + padding.Bottom;
        int rowLength = output.Width * output.Channels;
        Parallel.For(0, count, () => new Scratch(new float[imageRows * _rowElements], new float[output.Width * _padded], new float[rowLength]), (image, _, scratch) =>
        {
            ReadOnlySpan<T> source = x.AsSpan(image * input.Length, input.Length);
            int inputRow = input.Width * input.Channels;
            for (int row = 0; row < input.Height; row++)
            {
                Span<float> target = scratch.Image.AsSpan(((row + padding.Top) * _rowElements) + (padding.Left * input.Channels), inputRow);
                ReadOnlySpan<T> from = source.Slice(row * inputRow, inputRow);
                if (typeof(T) == typeof(float))
                {
                    System.Runtime.InteropServices.MemoryMarshal.Cast<T, float>(from).CopyTo(target);
                }
                else
                {
                    for (int i = 0; i < from.Length; i++)
                    {
                        target[i] = float.CreateTruncating(from[i]);
                    }
                }
            }

            fixed (float* imageStart = scratch.Image, weights = _packed, sums = scratch.Sums)
            fixed (int* runs = _runs)
            {
                for (int row = 0; row < output.Height; row++)
                {
                    float* start = imageStart + ((nint)row * _geometry.Stride.Height * _rowElements);
                    if (_geometry.IsDepthwise)
                    {
                        Depthwise(start, runs, firstRun, runCount, weights, scratch.Row);
                    }
                    else
                    {
                        for (int g = 0; g < _geometry.Groups; g++)
                        {
                            float* w = weights + (((nint)g * _runs.Length) + firstRun) * _runLength * _padded;
                            MicroKernel.Multiply(
                                start + (g * _geometry.InputChannels), (nint)_geometry.Stride.Width * input.Channels, runs + firstRun, runCount, _runLength, w, _padded, _padded, sums, _padded, output.Width, false);
                            for (int column = 0; column < output.Width; column++)
                            {
                                scratch.Sums.AsSpan(column * _padded, _outputs).CopyTo(scratch.Row.AsSpan((column * output.Channels) + (g * _outputs)));
                            }
                        }
                    }

                    sink(image, row, scratch.Row);
                }
            }

            return scratch;
        }, static _ => { });
    }

    private void Depthwise(float* start, int* runs, int firstRun, int runCount, float* weights, float[] sums)
    {
        int channels = _geometry.Input.Channels;
        Array.Clear(sums);
        fixed (float* y = sums)
        {
            for (int column = 0; column < _geometry.Output.Width; column++)
            {
                float* x = start + ((nint)column * _geometry.Stride.Width * channels), target = y + ((nint)column * channels);
                for (int r = firstRun; r < firstRun + runCount; r++)
                {
                    float* tap = x + runs[r], w = weights + ((nint)r * channels);
                    int c = 0;
                    for (; c + Vector<float>.Count <= channels; c += Vector<float>.Count)
                    {
                        Vector.Store(Vector.FusedMultiplyAdd(Vector.Load(tap + c), Vector.Load(w + c), Vector.Load(target + c)), target + c);
                    }

                    for (; c < channels; c++)
                    {
                        target[c] = MathF.FusedMultiplyAdd(tap[c], w[c], target[c]);
                    }
                }
            }
        }
    }

    private float[] Pack(ReadOnlySpan<float> weights)
    {
        int perChannel = _geometry.PerChannel, taps = _geometry.Kernel.Height * _geometry.Kernel.Width;
        if (_geometry.IsDepthwise)
        {
            float[] byTap = new float[taps * _padded];
            for (int c = 0; c < _padded; c++)
            {
                for (int t = 0; t < taps; t++)
                {
                    byTap[(t * _padded) + c] = weights[(c * taps) + t];
                }
            }

            return byTap;
        }

        float[] packed = new float[_geometry.Groups * perChannel * _padded];
        for (int o = 0; o < _geometry.Output.Channels; o++)
        {
            for (int k = 0; k < perChannel; k++)
            {
                packed[((((long)(o / _outputs) * perChannel) + k) * _padded) + (o % _outputs)] = weights[(o * perChannel) + k];
            }
        }

        return packed;
    }

    private List<(int First, int Count)> Segments(int maxInput)
    {
        if (maxInput == 0)
        {
            return [(0, _runs.Length)];
        }

        List<(int First, int Count)> segments = [];
        double[] sums = new double[_geometry.Output.Channels];
        int first = 0;
        for (int r = 0; r < _runs.Length; r++)
        {
            double[] next = new double[sums.Length];
            for (int o = 0; o < sums.Length; o++)
            {
                if (_geometry.IsDepthwise)
                {
                    next[o] = Math.Abs(_packed[(r * _padded) + o]) * maxInput;
                    continue;
                }

                int start = (((o / _outputs) * _runs.Length) + r) * _runLength;
                for (int k = 0; k < _runLength; k++)
                {
                    next[o] += Math.Abs(_packed[((long)(start + k) * _padded) + (o % _outputs)]) * maxInput;
                }
            }

            if (r > first && sums.Zip(next).Any(p => p.First + p.Second >= ExactLimit))
            {
                segments.Add((first, r - first));
                first = r;
                Array.Clear(sums);
            }

            for (int o = 0; o < sums.Length; o++)
            {
                sums[o] += next[o];
            }
        }

        segments.Add((first, _runs.Length - first));
        return segments;
    }

    private sealed record Scratch(float[] Image, float[] Sums, float[] Row);
}
