using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Training.ZeroShot;

namespace Hawq.Training.Tests;

/// <summary>
/// Seeded residual network on 8x8 images, three classes: a normalized stem, a block whose shortcut is a strided convolution with a normalization of its
/// own and whose second convolution has none, mean, fully connected. Its statistics are those of <see cref="Data"/>.
/// </summary>
internal static class TinyNetwork
{
    public static readonly Shape Input = new(8, 8, 3);

    public static readonly Preprocess Preprocess = new("test", 0, "RGB", 1f / 255, new float[] { .5f, .5f, .5f }, new float[] { .25f, .25f, .25f });

    public static FloatGraph Unfolded { get; } = WithStatistics(Make(), Data(128, 9));

    public static FloatGraph Folded { get; } = BatchNormalization.Fold(Unfolded);

    /// <summary>Images of three kinds: horizontal stripes, vertical stripes, a disc; noisy.</summary>
    public static SyntheticDataSet Data(int count, int seed)
    {
        byte[][] pixels = new byte[count][];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            Gaussian random = new(seed, i);
            labels[i] = i % 3;
            int phase = random.Below(4);
            pixels[i] = new byte[Input.Length];
            double[] color = [.. Enumerable.Range(0, 3).Select(_ => .5 + random.Uniform())];
            for (int k = 0; k < Input.Length; k++)
            {
                int y = k / 3 / 8, x = k / 3 % 8;
                bool on = labels[i] switch { 0 => (y + phase) % 4 < 2, 1 => (x + phase) % 4 < 2, _ => ((x - 3.5) * (x - 3.5)) + ((y - 3.5) * (y - 3.5)) < 4 + phase };
                pixels[i][k] = (byte)Math.Clamp(128 + ((on ? 60 : -60) * color[k % 3]) + (25 * random.Normal()), 0, 255);
            }
        }

        return new SyntheticDataSet("tiny", Input, Preprocess, pixels, labels);
    }

    private static FloatGraph Make()
    {
        Gaussian random = new(4);
        float[] Values(int count, double deviation)
        {
            float[] values = new float[count];
            random.Fill(values, deviation);
            return values;
        }

        Size2 one = new(1, 1), two = new(2, 2), three = new(3, 3);
        Padding around = new(1, 1, 1, 1);
        BatchNormalizationNode Normalization(string name, string input, string output, int channels) =>
            new(name, input, output, [.. Values(channels, .2).Select(v => 1 + v)], Values(channels, .3), new float[channels], [.. Enumerable.Repeat(1f, channels)], 1e-5f);
        FloatNode[] nodes =
        [
            new ConvNode("stem", "x", "a", Values(8 * 27, .3), new float[8], three, one, around, one, 1),
            Normalization("bn.stem", "a", "b", 8),
            new ClipNode("relu1", "b", "c", 0, float.PositiveInfinity),
            new ConvNode("conv1", "c", "d", Values(12 * 72, .2), new float[12], three, two, around, one, 1),
            new ConvNode("short", "c", "s", Values(12 * 8, .4), new float[12], one, two, default, one, 1),
            Normalization("bn.short", "s", "t", 12), // before the block's own, though its convolution comes after
            Normalization("bn.conv1", "d", "e", 12),
            new ClipNode("relu2", "e", "f", 0, float.PositiveInfinity),
            new ConvNode("conv2", "f", "g", Values(12 * 108, .15), Values(12, .2), three, one, around, one, 1),
            new AddNode("add", "g", "t", "h"),
            new ClipNode("relu3", "h", "i", 0, float.PositiveInfinity),
            new GlobalAveragePoolNode("mean", "i", "j"),
            new GemmNode("last", "j", "y", Values(36, .6), Values(3, .1)),
        ];
        Shape half = new(4, 4, 12), full = new(8, 8, 8);
        Dictionary<string, Shape> shapes = new()
        {
            ["x"] = Input, ["a"] = full, ["b"] = full, ["c"] = full, ["d"] = half, ["e"] = half, ["f"] = half, ["g"] = half, ["s"] = half, ["t"] = half,
            ["h"] = half, ["i"] = half, ["j"] = new Shape(1, 1, 12), ["y"] = new Shape(1, 1, 3),
        };
        return new FloatGraph("tiny", 17, new string('0', 64), "x", ["y"], nodes, shapes, []);
    }

    /// <summary>Every normalization gets the mean and variance of what it reads on the data.</summary>
    private static FloatGraph WithStatistics(FloatGraph graph, IDataSet data)
    {
        foreach (BatchNormalizationNode node in graph.Nodes.OfType<BatchNormalizationNode>().ToArray())
        {
            Shape shape = graph.Shapes[node.Input];
            double[] sum = new double[shape.Channels], square = new double[shape.Channels];
            int positions = shape.Height * shape.Width;
            using FloatRunner runner = new(graph, [node.Input]);
            object gate = new();
            runner.Run(data, data.Count, (name, _, _, values) =>
            {
                lock (gate)
                {
                    for (int i = 0; name == node.Input && i < values.Length; i++)
                    {
                        sum[i / positions % shape.Channels] += values[i];
                        square[i / positions % shape.Channels] += (double)values[i] * values[i];
                    }
                }
            });
            double count = (double)positions * data.Count;
            BatchNormalizationNode measured = node with
            {
                Mean = [.. sum.Select(s => (float)(s / count))],
                Variance = [.. square.Select((q, c) => (float)((q / count) - (sum[c] / count * (sum[c] / count))))],
            };
            graph = graph with { Nodes = [.. graph.Nodes.Select(other => ReferenceEquals(other, node) ? measured : other)] };
        }

        return graph;
    }
}
