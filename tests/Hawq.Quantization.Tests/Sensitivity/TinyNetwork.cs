using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Tests.Sensitivity;

/// <summary>conv 3x3 (2 to 3 channels), ReLU, convolution 1x1 (3 to 3) with a skip connection, ReLU, fully connected to 4 classes; on 4x4 inputs. And the same in double.</summary>
internal static class TinyNetwork
{
    public static readonly Shape Input = new(4, 4, 2);

    public static FloatGraph Graph { get; } = Make();

    public static ConvNode Conv => (ConvNode)Graph.Nodes[0];

    public static ConvNode Inner => (ConvNode)Graph.Nodes[2];

    public static GemmNode Last => (GemmNode)Graph.Nodes[^1];

    /// <summary>Logits in double with any weights.</summary>
    public static double[] Logits(float[] input, double[] conv, double[] inner, double[] last)
    {
        double[] x = Array.ConvertAll(input, v => (double)v); // row, column, channel
        double[] y = new double[4 * 4 * 3];
        for (int r = 0; r < 4; r++)
        {
            for (int c = 0; c < 4; c++)
            {
                for (int o = 0; o < 3; o++)
                {
                    double sum = Conv.Bias[o];
                    for (int i = 0; i < 2; i++)
                    {
                        for (int kr = 0; kr < 3; kr++)
                        {
                            for (int kc = 0; kc < 3; kc++)
                            {
                                (int row, int column) = (r + kr - 1, c + kc - 1);
                                sum += row is >= 0 and < 4 && column is >= 0 and < 4
                                    ? conv[(((((o * 2) + i) * 3) + kr) * 3) + kc] * x[(((row * 4) + column) * 2) + i]
                                    : 0;
                            }
                        }
                    }

                    y[(((r * 4) + c) * 3) + o] = Math.Max(sum, 0);
                }
            }
        }

        double[] z = new double[y.Length];
        for (int p = 0; p < 16; p++)
        {
            for (int o = 0; o < 3; o++)
            {
                double sum = Inner.Bias[o] + y[(p * 3) + o];
                for (int i = 0; i < 3; i++)
                {
                    sum += inner[(o * 3) + i] * y[(p * 3) + i];
                }

                z[(p * 3) + o] = Math.Max(sum, 0);
            }
        }

        double[] logits = new double[4];
        for (int o = 0; o < 4; o++)
        {
            logits[o] = Last.Bias[o];
            for (int p = 0; p < 16; p++)
            {
                for (int c = 0; c < 3; c++)
                {
                    logits[o] += last[(o * 48) + (c * 16) + p] * z[(p * 3) + c]; // ONNX flattens channel, row, column
                }
            }
        }

        return logits;
    }

    /// <summary>What the last layer reads.</summary>
    public static double[] Features(float[] input)
    {
        double[] features = new double[48];
        for (int i = 0; i < 48; i++)
        {
            double[] unit = new double[4 * 48];
            unit[i] = 1;
            features[i] = Logits(input, Doubles(Conv.Weights), Doubles(Inner.Weights), unit)[0] - Last.Bias[0];
        }

        return features;
    }

    public static double[] Doubles(float[] values) => Array.ConvertAll(values, v => (double)v);

    public static double[] Softmax(double[] logits)
    {
        double[] e = Array.ConvertAll(logits, z => Math.Exp(z - logits.Max()));
        return Array.ConvertAll(e, v => v / e.Sum());
    }

    private static FloatGraph Make()
    {
        Random random = new(3);
        float[] Values(int count, double size) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - .5) * size))];
        Size2 one = new(1, 1);
        FloatNode[] nodes =
        [
            new ConvNode("conv", "x", "a", Values(54, 1), Values(3, .5), new Size2(3, 3), one, new Padding(1, 1, 1, 1), one, 1),
            new ClipNode("relu1", "a", "b", 0, float.PositiveInfinity),
            new ConvNode("inner", "b", "c", Values(9, 1), Values(3, .5), one, one, default, one, 1),
            new AddNode("add", "c", "b", "d"),
            new ClipNode("relu2", "d", "e", 0, float.PositiveInfinity),
            new GemmNode("last", "e", "y", Values(4 * 48, .8), Values(4, 1)),
        ];
        Shape hidden = new(4, 4, 3);
        Dictionary<string, Shape> shapes = new()
        {
            ["x"] = Input, ["a"] = hidden, ["b"] = hidden, ["c"] = hidden, ["d"] = hidden, ["e"] = hidden, ["y"] = new Shape(1, 1, 4),
        };
        return new FloatGraph("tiny", 13, new string('0', 64), "x", ["y"], nodes, shapes, []);
    }
}

/// <summary>Random inputs with or without labels.</summary>
internal sealed class RandomData : IDataSet
{
    private readonly float[][] _values;

    public RandomData(Shape shape, int count, int seed = 1, int classes = 0)
    {
        Random random = new(seed);
        Shape = shape;
        _values = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, shape.Length).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray())];
        Labels = classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(_ => random.Next(classes))];
    }

    public string Name => "random";

    public int Count => _values.Length;

    public Shape Shape { get; }

    public IReadOnlyList<int> Labels { get; }

    public IReadOnlyList<string> ClassNames => [];

    public Preprocess? Preprocess => null;

    public float[] this[int index] => _values[index];

    public void ReadPixels(int index, Span<byte> pixels) => throw new InvalidOperationException();

    public void ReadValues(int index, Span<float> values) => _values[index].CopyTo(values);

    public void Dispose()
    {
    }
}
