using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;
using Xunit;

namespace Hawq.Quantization.Tests.Rounding;

public sealed class CrossLayerEqualizationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_network_computes_the_same_and_the_ranges_meet(int groups)
    {
        LoweredNetwork network = TwoLayers(groups);
        LoweredNetwork equalized = CrossLayerEqualization.Apply(network);
        Batch<float> input = new(new Shape(5, 5, 3), 2);
        Random random = new(1);
        for (int i = 0; i < input.Data.Length; i++)
        {
            input.Data[i] = random.NextSingle() - .5f;
        }

        float[] expected = Run(network, input), actual = Run(equalized, input);
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-4));
        LoweredLinear[] layers = [.. equalized.Linears];
        for (int c = 0; c < 4; c++)
        {
            float first = layers[0].Weights.Where((_, i) => i / layers[0].Geometry.PerChannel == c).Max(Math.Abs);
            float second = layers[1].Weights.Where((_, i) => groups == 1 ? i % 4 == c : i / layers[1].Geometry.PerChannel == c).Max(Math.Abs);
            Assert.Equal(1, first / second, 1e-3);
        }
    }

    private static float[] Run(LoweredNetwork network, Batch<float> input)
    {
        Dictionary<string, Batch<float>> values = new() { [network.Input] = input };
        foreach (LoweredLayer layer in network.Layers)
        {
            values[layer.Output] = FloatEngine.Run(layer, network.Tensors[layer.Output], n => values[n]);
        }

        return values[network.Outputs[0]].Data;
    }

    /// <summary>3x3 convolution of 3 to 4 channels with very uneven ranges, ReLU, 3x3 convolution (depthwise when there are 4 groups).</summary>
    private static LoweredNetwork TwoLayers(int groups)
    {
        Random random = new(2);
        float[] Weights(int count, Func<int, float> range) => [.. Enumerable.Range(0, count).Select(i => (random.NextSingle() - .5f) * range(i))];
        Size2 three = new(3, 3), one = new(1, 1);
        Padding same = new(1, 1, 1, 1);
        FloatNode[] nodes =
        [
            new ConvNode("a", "x", "a0", Weights(4 * 27, i => MathF.Pow(4, i / 27)), [1, 2, 3, 4], three, one, same, one, 1),
            new ClipNode("relu", "a0", "a1", 0, float.PositiveInfinity),
            new ConvNode("b", "a1", "y", Weights(4 * 36 / groups, _ => 1), new float[4], three, one, same, one, groups),
        ];
        Shape shape = new(5, 5, 4);
        Dictionary<string, Shape> shapes = new() { ["x"] = new Shape(5, 5, 3), ["a0"] = shape, ["a1"] = shape, ["y"] = shape };
        return GraphLowering.Lower(new FloatGraph("two", 13, "", "x", ["y"], nodes, shapes, []), new GridOptions(new BitAssignment(LayerBits.Eight)));
    }
}
