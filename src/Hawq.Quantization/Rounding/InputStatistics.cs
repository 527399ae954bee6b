using Hawq.Model;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Rounding;

/// <summary>
/// Second-order statistics of the inputs of one channel group of a layer with weights, in units of input codes; what second-order rounding and the least-squares
/// refit need. Rows and columns are padded with zeros to <see cref="Stride"/>.
/// </summary>
/// <param name="Size">K, weights per output channel.</param>
/// <param name="Stride">Padded K.</param>
/// <param name="Covariance">Cov(x), <see cref="Stride"/> x <see cref="Stride"/>. Centered, since the bias takes the mean.</param>
/// <param name="ErrorCovariance">Cov(e, x) per output channel of the group, where e is what the float weights miss of the target on the quantized input; empty when not asked for.</param>
internal sealed record InputStatistics(int Size, int Stride, float[] Covariance, double[] ErrorCovariance)
{
    /// <summary>Mean of the diagonal of <see cref="Covariance"/>; 0 when every input is constant.</summary>
    public double MeanVariance { get; } = Enumerable.Range(0, Size).Sum(k => (double)Covariance[((long)k * Stride) + k]) / Size;

    /// <summary>A copy of <see cref="Covariance"/> with <paramref name="damping"/> times the mean variance on the diagonal.</summary>
    public float[] Damped(double damping)
    {
        float[] damped = (float[])Covariance.Clone();
        for (int k = 0; k < Size; k++)
        {
            damped[((long)k * Stride) + k] += (float)(damping * MeanVariance);
        }

        return damped;
    }
}

/// <summary>Collects <see cref="InputStatistics"/>.</summary>
internal static unsafe class InputStatisticsCollector
{
    /// <summary>Images per float32 partial sum. Fixed, and partial sums are added in double in the order of the images: the result does not depend on threads.</summary>
    private const int Group = 8;

    private const int Samples = 128; // input vectors per call of the micro-kernel: a panel of them stays in the first-level cache
    private const int Lanes = 4; // groups in flight, bounds memory

    /// <summary>Collects one channel group.</summary>
    /// <param name="geometry">The layer.</param>
    /// <param name="channelGroup">Which group of channels.</param>
    /// <param name="codes">Quantized inputs (codes relative to the zero point).</param>
    /// <param name="errors">target - (W x + b) per output position, or null.</param>
    /// <param name="cancellation">Stops between images.</param>
    public static InputStatistics Collect(LinearGeometry geometry, int channelGroup, Batch<int> codes, Batch<float>? errors, CancellationToken cancellation)
    {
        int size = geometry.PerChannel, stride = MicroKernel.Pad(size), outputs = errors is null ? 0 : geometry.Output.Channels / geometry.Groups;
        double[] covariance = new double[(long)stride * stride], cross = new double[(long)outputs * stride], mean = new double[stride], meanError = new double[outputs];
        int groups = (codes.Count + Group - 1) / Group;
        Partial[] partials = [.. Enumerable.Range(0, Math.Min(Lanes, groups)).Select(_ => new Partial(stride, outputs))];
        for (int first = 0; first < groups; first += partials.Length)
        {
            int count = Math.Min(partials.Length, groups - first);
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, lane =>
                partials[lane].Sum(geometry, channelGroup, codes, errors, (first + lane) * Group, Math.Min(codes.Count, (first + lane + 1) * Group)));
            for (int lane = 0; lane < count; lane++)
            {
                Add(covariance, partials[lane].Gram);
                Add(cross, partials[lane].Cross);
                Add(mean, partials[lane].Mean);
                Add(meanError, partials[lane].MeanError);
            }
        }

        double n = (double)codes.Count * geometry.Output.Height * geometry.Output.Width;
        float[] result = new float[covariance.Length];
        for (int i = 0; i < size; i++)
        {
            for (int j = i; j < size; j++)
            {
                float value = (float)((covariance[((long)i * stride) + j] / n) - (mean[i] / n * (mean[j] / n)));
                result[((long)i * stride) + j] = result[((long)j * stride) + i] = value;
            }
        }

        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < stride; k++)
            {
                cross[((long)o * stride) + k] = (cross[((long)o * stride) + k] / n) - (meanError[o] / n * (mean[k] / n));
            }
        }

        return new InputStatistics(size, stride, result, cross);
    }

    private static void Add(double[] sums, float[] part)
    {
        for (int i = 0; i < part.Length; i++)
        {
            sums[i] += part[i];
        }
    }

    private static void Add(double[] sums, double[] part)
    {
        for (int i = 0; i < part.Length; i++)
        {
            sums[i] += part[i];
        }
    }

    private sealed class Partial(int stride, int outputs)
    {
        private readonly float[] _inputs = new float[Samples * stride];
        private readonly float[] _inputsTransposed = new float[Samples * stride];
        private readonly float[] _errorsTransposed = new float[Samples * Math.Max(outputs, 1)];

        public float[] Gram { get; } = new float[(long)stride * stride]; // upper triangle, by blocks

        public float[] Cross { get; } = new float[(long)outputs * stride];

        public double[] Mean { get; } = new double[stride];

        public double[] MeanError { get; } = new double[outputs];

        public void Sum(LinearGeometry geometry, int channelGroup, Batch<int> codes, Batch<float>? errors, int firstImage, int endImage)
        {
            Array.Clear(Gram);
            Array.Clear(Cross);
            Array.Clear(Mean);
            Array.Clear(MeanError);
            int positions = geometry.Output.Height * geometry.Output.Width;
            for (int image = firstImage; image < endImage; image++)
            {
                for (int first = 0; first < positions; first += Samples)
                {
                    int count = Math.Min(Samples, positions - first);
                    for (int sample = 0; sample < count; sample++)
                    {
                        Gather(geometry, channelGroup, codes[image], first + sample, sample);
                        for (int o = 0; o < outputs; o++)
                        {
                            float error = errors![image][((first + sample) * geometry.Output.Channels) + (channelGroup * outputs) + o];
                            _errorsTransposed[(o * Samples) + sample] = error;
                            MeanError[o] += error;
                        }
                    }

                    Multiply(count);
                }
            }
        }

        /// <summary>One input vector, as a row and as a column.</summary>
        private void Gather(LinearGeometry geometry, int channelGroup, ReadOnlySpan<int> image, int position, int sample)
        {
            int channels = geometry.InputChannels, firstChannel = channelGroup * channels, next = sample * stride, column = sample;
            int top = (position / geometry.Output.Width * geometry.Stride.Height) - geometry.Padding.Top;
            int left = (position % geometry.Output.Width * geometry.Stride.Width) - geometry.Padding.Left;
            for (int row = 0; row < geometry.Kernel.Height; row++)
            {
                for (int tap = 0; tap < geometry.Kernel.Width; tap++)
                {
                    int y = top + (row * geometry.Dilation.Height), x = left + (tap * geometry.Dilation.Width);
                    bool inside = (uint)y < (uint)geometry.Input.Height && (uint)x < (uint)geometry.Input.Width;
                    int from = inside ? (((y * geometry.Input.Width) + x) * geometry.Input.Channels) + firstChannel : 0;
                    for (int c = 0; c < channels; c++)
                    {
                        float value = inside ? image[from + c] : 0;
                        _inputs[next++] = value;
                        _inputsTransposed[column] = value;
                        Mean[(column - sample) / Samples] += value;
                        column += Samples;
                    }
                }
            }
        }

        private void Multiply(int count)
        {
            int run = 0;
            fixed (float* x = _inputs, t = _inputsTransposed, e = _errorsTransposed, gram = Gram, cross = Cross)
            {
                for (int column = 0; column < stride; column += MicroKernel.ChannelStep)
                {
                    int rows = Math.Min(stride, column + MicroKernel.ChannelStep); // the upper triangle
                    MicroKernel.Multiply(t, Samples, &run, 1, count, x + column, stride, MicroKernel.ChannelStep, gram + column, stride, rows, true);
                }

                if (outputs > 0)
                {
                    MicroKernel.Multiply(e, Samples, &run, 1, count, x, stride, stride, cross, stride, outputs, true);
                }
            }
        }
    }
}
