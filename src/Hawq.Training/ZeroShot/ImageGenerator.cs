using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Training.Gradients;
using Hawq.Training.Optimization;

namespace Hawq.Training.ZeroShot;

/// <summary>
/// A small class-conditional generator (in the manner of GDFQ, arXiv 2003.03603): fully connected layers of noise and of the class, added up, to a quarter of the image's
/// size, twice doubling and convolving, batch normalization with the batch's own statistics in between, and a tanh that spans the range of pixels. Its parameters
/// are trained under the same losses as pixels are; every step sees new noise and new classes, so that the images it makes in the end are not those it was trained on.
/// </summary>
/// <remarks>GDFQ multiplies noise by an embedding of the class. The product has mean 0 whatever the class, which then shows in nothing but its spread, and is learned slowly.</remarks>
internal sealed class ImageGenerator
{
    private const int NoiseSize = 64;
    private const int Width = 64;
    private const double Slope = .2;

    private readonly Tape _tape;
    private readonly Gaussian _random;
    private readonly Dictionary<string, float[]> _values = [];
    private readonly List<TapeValue> _parameters = [];

    private ImageGenerator(Tape tape, int seed) => (_tape, _random) = (tape, new Gaussian(seed, -2));

    /// <inheritdoc cref="PixelOptimization.Make"/>
    public static byte[][] Make(
        FloatGraph graph, PixelRange range, int[][] labels, ZeroShotOptions options, IProgressSink? progress, CancellationToken cancellation)
    {
        int classes = ZeroShotGraph.Classes(graph), size = labels[0].Length, steps = options.EffectiveSteps;
        Tape tape = new();
        TapeValue noise = tape.Input("noise", size, NoiseSize), targets = tape.Input("targets", size, classes);
        ImageGenerator generator = new(tape, options.Seed);
        TapeValue images = generator.Write(noise, targets, graph.Shapes[graph.Input], range);
        ZeroShotGraph written = ZeroShotGraph.Write(tape, graph, images, targets, options);
        using TapeSession session = new(tape, [written.Statistics, images, .. tape.Gradients(written.Loss, generator._parameters)]);
        float[][] Run(int stream, int[] wanted)
        {
            float[] values = new float[noise.Count], oneHot = ZeroShotGraph.OneHot(wanted, classes);
            new Gaussian(options.Seed, stream).Fill(values);
            return session.Run(name => name == noise.Name ? values : name == targets.Name ? oneHot : generator._values[name]);
        }

        Adam adam = new(beta1: .5);
        progress?.Begin("synthesise", steps);
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            float[][] results = Run(step, [.. new Gaussian(options.Seed, ~step).Permutation(size).Select(i => i % classes)]);
            adam.BeginStep();
            for (int p = 0; p < generator._parameters.Count; p++)
            {
                string name = generator._parameters[p].Name;
                adam.Update(name, generator._values[name], results[p + 2], LearningRate.Cosine(options.GeneratorRate, (double)step / steps));
            }

            progress?.Step(step + 1, string.Create(CultureInfo.InvariantCulture, $"statistics {results[0][0]:0.000}"));
        }

        return [.. labels.SelectMany((wanted, batch) => range.ToBytes(Run(steps + batch, wanted)[1], size))];
    }

    private TapeValue Write(TapeValue noise, TapeValue targets, Shape shape, PixelRange range)
    {
        int batch = noise.Dims[0], classes = targets.Dims[1], height = (shape.Height + 3) / 4, width = (shape.Width + 3) / 4;
        TapeValue x = _tape.Add(
            _tape.Gemm(noise, Parameter("start", 0, Math.Sqrt(1.0 / NoiseSize), Width * height * width, NoiseSize), null),
            _tape.Gemm(targets, Parameter("classes", 0, 1, Width * height * width, classes), null));
        x = Normalized("start", _tape.Reshape(x, batch, Width, height, width));
        x = Doubled("first", x, Width);
        x = Doubled("second", x, Width / 2);
        x = _tape.Conv(x, Parameter("last.weight", 0, Math.Sqrt(1.0 / (9 * x.Dims[1])), shape.Channels, x.Dims[1], 3, 3), Parameter("last.bias", 0, 0, shape.Channels), ConvolutionWindow.Same(3));
        x = _tape.Tanh(_tape.Slice(x, [2, 3], [0, 0], [shape.Height, shape.Width], [1, 1]));
        TapeValue half = _tape.Constant([.. range.Channels.Select(c => (c.White - c.Black) / 2)], 1, shape.Channels, 1, 1);
        TapeValue middle = _tape.Constant([.. range.Channels.Select(c => (c.White + c.Black) / 2)], 1, shape.Channels, 1, 1);
        return _tape.Add(_tape.Mul(x, half), middle);
    }

    private TapeValue Doubled(string name, TapeValue x, int channels)
    {
        TapeValue weights = Parameter(name + ".weight", 0, Math.Sqrt(2.0 / (9 * x.Dims[1])), channels, x.Dims[1], 3, 3);
        return _tape.LeakyRelu(Normalized(name, _tape.Conv(_tape.Enlarge(x, new Size2(2, 2)), weights, null, ConvolutionWindow.Same(3))), Slope);
    }

    private TapeValue Normalized(string name, TapeValue x) =>
        _tape.BatchNormalization(x, Parameter(name + ".scale", 1, 0, x.Dims[1]), Parameter(name + ".offset", 0, 0, x.Dims[1]), 1e-5);

    /// <summary>Declares a parameter: normal numbers around a mean.</summary>
    private TapeValue Parameter(string name, float mean, double deviation, params int[] dims)
    {
        TapeValue value = _tape.Input("generator." + name, dims);
        float[] numbers = new float[value.Count];
        _random.Fill(numbers, deviation);
        _values.Add(value.Name, Array.ConvertAll(numbers, number => mean + number));
        _parameters.Add(value);
        return value;
    }
}
