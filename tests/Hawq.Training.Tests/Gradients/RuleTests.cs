using Hawq.Model;
using Hawq.Training.Gradients;
using Xunit;

namespace Hawq.Training.Tests.Gradients;

/// <summary>Every gradient rule against central differences.</summary>
public sealed class RuleTests
{
    private static readonly Size2 One = new(1, 1);

    public static TheoryData<string, int[], int[], ConvolutionWindow> Convolutions => new()
    {
        { "3x3", [2, 3, 5, 6], [4, 3, 3, 3], ConvolutionWindow.Same(3) },
        { "1x1", [2, 3, 3, 3], [2, 3, 1, 1], ConvolutionWindow.Same(1) },
        { "no padding", [2, 2, 5, 4], [3, 2, 3, 2], new(One, default, One, 1) },
        { "stride 2", [2, 2, 7, 7], [3, 2, 3, 3], new(new(2, 2), new(1, 1, 1, 1), One, 1) },
        { "stride 2, last row unused", [2, 2, 8, 6], [3, 2, 3, 3], new(new(2, 2), new(1, 1, 1, 1), One, 1) },
        { "stride 2, 1x1", [2, 2, 5, 6], [3, 2, 1, 1], new(new(2, 2), default, One, 1) },
        { "asymmetric padding", [1, 2, 6, 6], [2, 2, 3, 3], new(new(2, 2), new(0, 0, 1, 1), One, 1) },
        { "asymmetric padding, stride 1", [1, 2, 5, 5], [2, 2, 4, 4], new(One, new(1, 2, 2, 1), One, 1) },
        { "more padding than kernel", [1, 2, 4, 4], [2, 2, 2, 2], new(One, new(2, 2, 2, 2), One, 1) },
        { "dilation", [2, 2, 7, 7], [2, 2, 3, 3], new(One, new(2, 2, 2, 2), new(2, 2), 1) },
        { "dilation and stride", [1, 2, 8, 9], [2, 2, 3, 3], new(new(2, 3), new(2, 1, 2, 1), new(2, 2), 1) },
        { "groups", [2, 4, 5, 5], [6, 2, 3, 3], new(One, new(1, 1, 1, 1), One, 2) },
        { "groups, stride 2", [2, 4, 6, 6], [6, 2, 3, 3], new(new(2, 2), new(1, 1, 1, 1), One, 2) },
        { "depthwise", [2, 3, 5, 5], [3, 1, 3, 3], new(One, new(1, 1, 1, 1), One, 3) },
        { "depthwise, stride 2", [2, 3, 6, 6], [6, 1, 3, 3], new(new(2, 2), new(0, 0, 1, 1), One, 3) },
        { "rectangular", [2, 2, 5, 8], [2, 2, 1, 5], new(new(1, 2), new(0, 2, 0, 2), One, 1) },
    };

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Convolution(string name, int[] x, int[] w, ConvolutionWindow window)
    {
        Assert.NotEmpty(name);
        GradientCheck.Run((tape, v) => tape.Conv(v[0], v[1], v[2], window), [x, w, [w[0]]], .5, tolerance: 1e-3);
    }

    [Fact]
    public void Fully_connected() => GradientCheck.Run((tape, x) => tape.Gemm(x[0], x[1], x[2]), [[3, 5], [4, 5], [4]], .5, tolerance: 1e-3);

    [Fact]
    public void Batch_normalization_in_inference_form() => GradientCheck.Run(
        (tape, x) => tape.BatchNormalization(x[0], x[1], x[2], x[3], tape.Square(x[4]), .5), [[2, 3, 2, 2], [3], [3], [3], [3]]);

    [Fact]
    public void Batch_normalization_in_training_form() =>
        GradientCheck.Run((tape, x) => tape.BatchNormalization(x[0], x[1], x[2], .01), [[3, 2, 2, 3], [2], [2]], tolerance: 1e-2);

    [Fact]
    public void Relu() => GradientCheck.Run((tape, x) => tape.Relu(x[0]), [[4, 9]], value: GradientCheck.AwayFromKinks);

    [Fact]
    public void Leaky_relu() => GradientCheck.Run((tape, x) => tape.LeakyRelu(x[0], .2), [[4, 9]], value: GradientCheck.AwayFromKinks);

    [Theory]
    [InlineData(-1f, 1f)]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, .5f)]
    [InlineData(-.5f, float.PositiveInfinity)]
    public void Clip(float lo, float hi) => GradientCheck.Run((tape, x) => tape.Clip(x[0], lo, hi), [[4, 9]], value: GradientCheck.AwayFromKinks);

    [Fact]
    public void Element_wise_functions() => GradientCheck.Run(
        (tape, x) => tape.Concat([tape.Sqrt(x[0]), tape.Log(x[0]), tape.Exp(x[0]), tape.Tanh(x[0]), tape.Square(x[0])], 1), [[2, 5]],
        value: random => .5 + random.NextDouble());

    [Fact]
    public void Softmax() => GradientCheck.Run((tape, x) => tape.Concat([tape.Softmax(x[0], 1), tape.LogSoftmax(x[0])], 0), [[3, 5]]);

    [Theory]
    [InlineData(new[] { 2, 3, 2, 2 }, new[] { 2, 3, 2, 2 })]
    [InlineData(new[] { 2, 3, 2, 2 }, new[] { 2, 3, 1, 1 })]
    [InlineData(new[] { 2, 3 }, new[] { 3 })]
    [InlineData(new[] { 1, 3, 1, 1 }, new[] { 2, 3, 2, 2 })]
    public void Arithmetic_with_broadcasting(int[] a, int[] b)
    {
        double Value(Random random) => .6 + random.NextDouble();
        GradientCheck.Run((tape, x) => tape.Add(x[0], x[1]), [a, b], value: Value);
        GradientCheck.Run((tape, x) => tape.Sub(x[0], x[1]), [a, b], value: Value);
        GradientCheck.Run((tape, x) => tape.Mul(x[0], x[1]), [a, b], value: Value);
        GradientCheck.Run((tape, x) => tape.Div(x[0], x[1]), [a, b], value: Value);
    }

    [Fact]
    public void A_value_that_is_read_twice_gets_the_sum_of_both_gradients() =>
        GradientCheck.Run((tape, x) => tape.Total([tape.Mul(x[0], x[0]), x[0], tape.Tanh(x[0])]), [[2, 3]]);

    [Fact]
    public void Concat() => GradientCheck.Run((tape, x) => tape.Concat(x, 1), [[2, 3, 2, 2], [2, 1, 2, 2], [2, 2, 2, 2]]);

    [Fact]
    public void Slice_with_steps() =>
        GradientCheck.Run((tape, x) => tape.Slice(x[0], [1, 2, 3], [1, 0, 1], [3, 5, 6], [1, 2, 3]), [[2, 4, 6, 7]]);

    [Fact]
    public void Pad() => GradientCheck.Run((tape, x) => tape.Pad(x[0], [0, 2, 1, 0], [0, 1, 0, 2]), [[2, 2, 3, 3]]);

    [Fact]
    public void Channel_permutation() => GradientCheck.Run((tape, x) => tape.PermuteChannels(x[0], [2, 0, 3, 1]), [[2, 4, 2, 2]]);

    [Fact]
    public void Enlargement() => GradientCheck.Run((tape, x) => tape.Enlarge(x[0], new Size2(2, 3)), [[2, 2, 3, 2]]);

    [Fact]
    public void Transposition() => GradientCheck.Run((tape, x) => tape.Transpose(x[0], 2, 0, 1), [[2, 3, 4]]);

    [Fact]
    public void Global_average_pool() => GradientCheck.Run((tape, x) => tape.GlobalAveragePool(x[0]), [[2, 3, 4, 3]]);

    [Theory]
    [InlineData(2, 2, 0)]
    [InlineData(3, 2, 1)]
    [InlineData(3, 1, 1)]
    public void Max_pool(int kernel, int stride, int padding)
    {
        int size = ((7 + (2 * padding) - kernel) / stride) + 1;
        GradientCheck.Run(
            (tape, x) => tape.MaxPool(x[0], [2, 2, size, size], new(kernel, kernel), new(stride, stride), new(padding, padding, padding, padding), One), [[2, 2, 7, 7]],
            step: 1e-4, tolerance: 2e-2);
    }

    [Theory]
    [InlineData(2, 2, 0, false)]
    [InlineData(3, 2, 1, false)]
    [InlineData(3, 2, 1, true)]
    [InlineData(3, 1, 1, false)]
    public void Average_pool(int kernel, int stride, int padding, bool countPadding)
    {
        int size = ((7 + (2 * padding) - kernel) / stride) + 1;
        GradientCheck.Run(
            (tape, x) => tape.AveragePool(x[0], [2, 2, size, size], new(kernel, kernel), new(stride, stride), new(padding, padding, padding, padding), countPadding),
            [[2, 2, 7, 7]], .5, tolerance: 1e-3);
    }

    [Fact]
    public void Cross_entropy() => GradientCheck.Run(
        (tape, x) => tape.CrossEntropy(x[0], tape.Constant([.5f, .5f, 0, 0, 1, 0], 2, 3)), [[2, 3]]);

    [Theory]
    [InlineData(StatisticsForm.Squared)]
    [InlineData(StatisticsForm.Kl)]
    public void Divergence_of_statistics(StatisticsForm form) => GradientCheck.Run(
        (tape, x) => tape.StatisticsDivergence(tape.Conv(x[0], x[1], null, ConvolutionWindow.Same(3)), [.3f, -.2f], [.4f, 1.5f], 1e-5, form),
        [[2, 2, 3, 3], [2, 2, 3, 3]], tolerance: 1e-2);

    [Fact]
    public void Roughness() => GradientCheck.Run((tape, x) => tape.Roughness(x[0]), [[2, 2, 4, 3]]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_learned_step_of_a_fake_quantization_has_its_published_gradient(int channels)
    {
        // Not the slope of a staircase: arXiv 1902.08153, equation 3, element by element.
        Tape tape = new();
        TapeValue x = tape.Input("x", 2, channels, 4, 4), step = tape.Input("s", 1, channels, 1, 1), r = tape.Input("r", 2, channels, 4, 4);
        TapeValue y = tape.FakeQuantize(x, step, -3, 3);
        IReadOnlyList<TapeValue> gradients = tape.Gradients(tape.Sum(tape.Mul(y, r)), x, step);
        using TapeSession session = new(tape, [y, .. gradients]);
        Random random = new(2);
        float[] Values(int count, double size) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - .5) * size))];
        Dictionary<string, float[]> values = new() { ["x"] = Values(x.Count, 4), ["r"] = Values(x.Count, 2), ["s"] = [.. Enumerable.Range(0, channels).Select(c => .25f * (c + 1))] };
        float[][] results = session.Run(values);
        double[] wanted = new double[channels];
        for (int i = 0; i < x.Count; i++)
        {
            int c = i / 16 % channels;
            double s = values["s"][c], u = values["x"][i] / s, q = Math.Floor(Math.Clamp(u, -3, 3) + .5);
            bool inside = u is > -3 and < 3;
            Assert.Equal(q * s, results[0][i], 5);
            Assert.Equal(inside ? values["r"][i] : 0, results[1][i], 5);
            wanted[c] += values["r"][i] * (inside ? q - u : q);
        }

        Assert.All(wanted.Zip(results[2]), pair => Assert.Equal(pair.First, pair.Second, 3));
    }

    [Fact]
    public void What_the_loss_does_not_depend_on_has_gradient_zero()
    {
        Tape tape = new();
        TapeValue a = tape.Input("a", 2), b = tape.Input("b", 3);
        IReadOnlyList<TapeValue> gradients = tape.Gradients(tape.Sum(tape.Add(tape.Sum(b), tape.Sum(tape.Square(a)))), a, b, tape.Scalar(1));
        using TapeSession session = new(tape, gradients);
        float[][] results = session.Run(name => name == "a" ? [1, 2] : [1, 2, 3]);
        Assert.Equal([2, 4], results[0]);
        Assert.Equal([1, 1, 1], results[1]);
        Assert.Equal([0], results[2]);
    }

    [Fact]
    public void The_same_calls_give_the_same_bytes()
    {
        static byte[] Write()
        {
            Tape tape = new();
            TapeValue x = tape.Input("x", 1, 2, 4, 4), w = tape.Input("w", 3, 2, 3, 3);
            return tape.ToOnnx(tape.Gradients(tape.Sum(tape.Relu(tape.Conv(x, w, null, ConvolutionWindow.Same(3)))), x, w));
        }

        Assert.Equal(Write(), Write());
    }
}
