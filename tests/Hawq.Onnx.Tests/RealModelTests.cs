using Hawq.Model;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class RealModelTests
{
    [SharedDataTheory]
    [InlineData("resnet20-cifar10", 3, 32, 32, 20, 2)]
    [InlineData("resnet56-cifar10", 3, 32, 32, 56, 2)]
    [InlineData("resnet8-mlperf-cifar10", 3, 32, 32, 10, 0)]
    [InlineData("kws-dscnn", 1, 49, 10, 10, 0)]
    public void Folded_graph_computes_what_the_model_computes(string name, int channels, int height, int width, int weighted, int slices)
    {
        string path = SharedData.PathOf("models", name + ".onnx");
        FloatGraph graph = OnnxImporter.Load(path);
        Assert.Equal(weighted, graph.Nodes.Count(node => node is ConvNode or GemmNode));
        Assert.Equal(slices, graph.Nodes.Count(node => node is SliceNode));
        Assert.Equal(new Shape(height, width, channels), graph.Shapes[graph.Input]);

        float[] input = OnnxRunner.Noise(channels * height * width);
        float[] expected = OnnxRunner.Run(File.ReadAllBytes(path), input, 1, channels, height, width)[0];
        float[] actual = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), input, 1, channels, height, width)[0];
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * (1 + expected.Max(Math.Abs))));
    }

    [SharedDataFact]
    public void Batch_normalization_leaves_no_node_behind()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        Assert.Equal(
            "Add 9, Clip 19, Conv 19, Gemm 1, GlobalAveragePool 1, Pad 2, Slice 2",
            string.Join(", ", graph.Nodes.GroupBy(node => node.GetType().Name[..^4]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}")));
    }
}
