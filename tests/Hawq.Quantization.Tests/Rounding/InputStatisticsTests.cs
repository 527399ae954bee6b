using CsCheck;
using Hawq.Model;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Rounding;
using Xunit;

namespace Hawq.Quantization.Tests.Rounding;

public sealed class InputStatisticsTests
{
    [Fact]
    public void The_covariance_is_that_of_the_gathered_inputs() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 2], Gen.Int[1, 2], Gen.Int[1, 2], Gen.Int).Sample((kernel, stride, dilation, groups, seed) =>
    {
        Random random = new(seed);
        Shape input = new(random.Next(3, 8), random.Next(3, 8), groups * random.Next(1, 4));
        Padding padding = new(random.Next(3), random.Next(3), kernel * dilation, kernel * dilation);
        int height = ((input.Height + padding.Top + padding.Bottom - (dilation * (kernel - 1)) - 1) / stride) + 1;
        int width = ((input.Width + padding.Left + padding.Right - (dilation * (kernel - 1)) - 1) / stride) + 1;
        LinearGeometry geometry = new(
            input, new Shape(height, width, 2 * groups), new Size2(kernel, kernel), new Size2(stride, stride), padding, new Size2(dilation, dilation), groups);
        Batch<int> codes = new(input, 11);
        Batch<float> errors = new(geometry.Output, 11);
        Fill(codes.Data, () => random.Next(0, 16));
        Fill(errors.Data, () => random.NextSingle());
        for (int group = 0; group < groups; group++)
        {
            InputStatistics actual = InputStatisticsCollector.Collect(geometry, group, codes, errors, default);
            (double[,] covariance, double[,] cross) = Naive(geometry, group, codes, errors);
            for (int i = 0; i < geometry.PerChannel; i++)
            {
                for (int j = 0; j < geometry.PerChannel; j++)
                {
                    Assert.Equal(covariance[i, j], actual.Covariance[(i * actual.Stride) + j], 1e-4 * (1 + Math.Abs(covariance[i, j])));
                }

                Assert.Equal(cross[0, i], actual.ErrorCovariance[i], 1e-4 * (1 + Math.Abs(cross[0, i])));
                Assert.Equal(cross[1, i], actual.ErrorCovariance[actual.Stride + i], 1e-4 * (1 + Math.Abs(cross[1, i])));
            }
        }
    }, iter: 40);

    private static void Fill<T>(T[] values, Func<T> next)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = next();
        }
    }

    private static (double[,] Covariance, double[,] Cross) Naive(LinearGeometry geometry, int group, Batch<int> codes, Batch<float> errors)
    {
        List<double[]> inputs = [], wanted = [];
        int channels = geometry.InputChannels;
        for (int image = 0; image < codes.Count; image++)
        {
            for (int position = 0; position < geometry.Output.Height * geometry.Output.Width; position++)
            {
                double[] x = new double[geometry.PerChannel];
                for (int k = 0; k < x.Length; k++)
                {
                    int row = (position / geometry.Output.Width * geometry.Stride.Height) - geometry.Padding.Top + (k / channels / geometry.Kernel.Width * geometry.Dilation.Height);
                    int column = (position % geometry.Output.Width * geometry.Stride.Width) - geometry.Padding.Left + (k / channels % geometry.Kernel.Width * geometry.Dilation.Width);
                    bool inside = row >= 0 && row < geometry.Input.Height && column >= 0 && column < geometry.Input.Width;
                    x[k] = inside ? codes[image][(((row * geometry.Input.Width) + column) * geometry.Input.Channels) + (group * channels) + (k % channels)] : 0;
                }

                inputs.Add(x);
                wanted.Add([.. Enumerable.Range(0, 2).Select(o => (double)errors[image][(position * geometry.Output.Channels) + (2 * group) + o])]);
            }
        }

        double[,] covariance = new double[geometry.PerChannel, geometry.PerChannel], cross = new double[2, geometry.PerChannel];
        for (int i = 0; i < geometry.PerChannel; i++)
        {
            double mean = inputs.Average(x => x[i]);
            for (int j = 0; j < geometry.PerChannel; j++)
            {
                covariance[i, j] = inputs.Average(x => x[i] * x[j]) - (mean * inputs.Average(x => x[j]));
            }

            for (int o = 0; o < 2; o++)
            {
                cross[o, i] = inputs.Zip(wanted, (x, e) => x[i] * e[o]).Average() - (mean * wanted.Average(e => e[o]));
            }
        }

        return (covariance, cross);
    }
}
