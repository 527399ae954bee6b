using Hawq.Model;
using Hawq.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class ExporterTests
{
    private static FloatGraph SmallNetwork()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 5);
        string conv = model.Node("Conv", [x, model.Random(0.5f, 4, 3, 3, 3), model.Random(0.1f, 4)]);
        string relu = model.Node("Relu", [conv]);
        string flat = model.Node("Flatten", [relu]);
        string logits = model.Node("Gemm", [flat, model.Random(0.2f, 7, 48), model.Random(0.2f, 7)], ("transB", 1));
        return Import.Of(model.Output(logits));
    }

    [Fact]
    public void Every_value_can_be_an_extra_output_in_the_order_asked_for()
    {
        FloatGraph graph = SmallNetwork();
        string[] extra = [graph.Nodes[1].Output, graph.Nodes[0].Output];
        IReadOnlyList<float[]> outputs = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph, extra), OnnxRunner.Noise(2 * 90), 2, 3, 6, 5);
        Assert.Equal([2 * 7, 2 * 48, 2 * 48], outputs.Select(output => output.Length));
        Assert.Equal(outputs[2].Select(value => Math.Max(value, 0)), outputs[1]);
    }

    [Fact]
    public void Weights_can_be_inputs()
    {
        FloatGraph graph = SmallNetwork();
        using InferenceSession session = new(FloatGraphExporter.ToOnnx(graph, null, [graph.Nodes[0].Name]));
        Assert.Equal(["x", FloatGraphExporter.WeightName(graph.Nodes[0]), FloatGraphExporter.BiasName(graph.Nodes[0])], session.InputNames);
        Assert.Equal([4, 3, 3, 3], session.InputMetadata[FloatGraphExporter.WeightName(graph.Nodes[0])].Dimensions);
    }

    [Fact]
    public void The_same_graph_gives_the_same_bytes() =>
        Assert.Equal(FloatGraphExporter.ToOnnx(SmallNetwork(), ["x"]), FloatGraphExporter.ToOnnx(SmallNetwork(), ["x"]));

    [Fact]
    public void An_unknown_extra_output_is_named() =>
        Assert.Contains("'nowhere'", Assert.Throws<HawqException>(() => FloatGraphExporter.ToOnnx(SmallNetwork(), ["nowhere"])).Message, StringComparison.Ordinal);
}
