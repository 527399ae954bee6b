using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

/// <summary>QDQ and QOperator models against ONNX Runtime, which computes them in integers.</summary>
public sealed class QuantizedModelTests
{
    private readonly OnnxModelBuilder _model = new(opset: 17);

    [Fact]
    public void A_QDQ_network_matches_and_keeps_its_grids()
    {
        string x = _model.Dequantize(_model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 100), 0.01f, 100);
        string weights = _model.Dequantize(_model.Codes(6, 3, 3, 3), _model.Steps(6, 0.004f), _model.Zeros(6), ("axis", 0));
        string bias = _model.Dequantize(_model.Integers32(6), _model.Steps(6, 0.01f * 0.004f), "", ("axis", 0));
        string conv = _model.Node("Relu", [_model.Node("Conv", [x, weights, bias])]);
        string y = _model.Dequantize(_model.Quantize(conv, 0.02f, 0), 0.02f, 0);
        FloatGraph graph = CompareWithinOneStep(_model.Output(y), 0.02f, 1, 3, 8, 8);

        Assert.Equal(["QuantizeNode", "ConvNode", "ClipNode", "QuantizeNode"], graph.Nodes.Select(node => node.GetType().Name));
        QuantizeNode input = (QuantizeNode)graph.Nodes[0];
        Assert.Equal((0.01f, 100, 0, 255), (input.Scale, input.ZeroPoint, input.Lo, input.Hi));
        ConvNode convolution = (ConvNode)graph.Nodes[1];
        Assert.Equal(6, convolution.WeightSteps!.Length);
        Assert.All(convolution.Weights, (weight, i) =>
        {
            double code = weight / (double)convolution.WeightSteps[i / 27];
            Assert.Equal(Math.Round(code), code, 1e-3);
        });
    }

    [Fact]
    public void A_QLinearConv_network_matches()
    {
        string codes = _model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 128);
        string weights = _model.Codes(6, 3, 3, 3);
        string conv = _model.Node(
            "QLinearConv", [codes, _model.Number(0.01f), _model.Zero(128), weights, _model.Steps(6, 0.004f), _model.Zeros(6), _model.Number(0.03f), _model.Zero(120), _model.Integers32(6)],
            ("pads", new long[] { 1, 1, 1, 1 }));
        string pooled = _model.Node("MaxPool", [conv], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        FloatGraph graph = CompareWithinOneStep(_model.Output(_model.Dequantize(pooled, 0.03f, 120)), 0.03f, 1, 3, 8, 8);
        Assert.Equal(["QuantizeNode", "ConvNode", "QuantizeNode", "MaxPoolNode"], graph.Nodes.Select(node => node.GetType().Name));
    }

    [Fact]
    public void A_QLinearMatMul_network_matches()
    {
        string codes = _model.Quantize(_model.Input("x", null, 40), 0.01f, 128);
        string product = _model.Node(
            "QLinearMatMul", [codes, _model.Number(0.01f), _model.Zero(128), _model.Codes(40, 5), _model.Number(0.005f), _model.SignedZero(), _model.Number(0.05f), _model.Zero(128)]);
        FloatGraph graph = CompareWithinOneStep(_model.Output(_model.Dequantize(product, 0.05f, 128)), 0.05f, 1, 40);
        Assert.NotNull(Assert.Single(graph.Nodes.OfType<GemmNode>()).WeightSteps);
    }

    [Theory]
    [InlineData("QLinearAdd")]
    [InlineData("QLinearMul")]
    public void ONNX_Runtimes_arithmetic_on_codes_matches(string op)
    {
        string x = _model.Input("x", null, 3, 4, 5);
        string a = _model.Quantize(x, 0.01f, 128);
        string b = _model.Quantize(_model.Node("Sigmoid", [x]), 0.004f, 0);
        string y = _model.NodeOf("com.microsoft", op, [a, _model.Number(0.01f), _model.Zero(128), b, _model.Number(0.004f), _model.Zero(0), _model.Number(0.02f), _model.Zero(60)], 1)[0];
        CompareWithinOneStep(_model.Output(_model.Dequantize(y, 0.02f, 60)), 0.02f, 1, 3, 4, 5);
    }

    [Theory]
    [InlineData("QLinearGlobalAveragePool")]
    [InlineData("QLinearSigmoid")]
    [InlineData("QLinearLeakyRelu")]
    [InlineData("QLinearAveragePool")]
    public void ONNX_Runtimes_functions_of_codes_match(string op) => CompareWithinOneStep(_model.OnCodes(op, 0.008f, 100), 0.008f, 1, 8, 4, 5);

    [Fact]
    public void ONNX_Runtimes_concat_of_codes_matches()
    {
        string x = _model.Input("x", null, 3, 4, 5);
        string a = _model.Quantize(x, 0.01f, 128);
        string b = _model.Quantize(_model.Node("Sigmoid", [x]), 0.004f, 0);
        string y = _model.NodeOf("com.microsoft", "QLinearConcat", [_model.Number(0.009f), _model.Zero(110), a, _model.Number(0.01f), _model.Zero(128), b, _model.Number(0.004f), _model.Zero(0)], 1, ("axis", 1))[0];
        CompareWithinOneStep(_model.Output(_model.Dequantize(y, 0.009f, 110)), 0.009f, 1, 3, 4, 5);
    }

    [Theory]
    [InlineData("ConvInteger")]
    [InlineData("MatMulInteger")]
    public void Raw_accumulators_of_statically_quantized_codes_match(string op)
    {
        bool isConv = op == "ConvInteger";
        long[] dims = isConv ? [1, 3, 8, 8] : [1, 40];
        string codes = _model.Quantize(_model.Input("x", [null, .. dims[1..].Select(dim => (long?)dim)]), 0.01f, 128);
        string weights = isConv ? _model.Codes(5, 3, 3, 3) : _model.Codes(40, 5);
        string accumulator = _model.Node(op, [codes, weights, _model.Zero(128)]);
        string real = _model.Node("Mul", [_model.Node("Cast", [accumulator], ("to", 1)), _model.Number(0.01f * 0.004f)]);
        FloatGraph graph = CompareWithinOneStep(_model.Output(_model.Dequantize(_model.Quantize(real, 0.03f, 128), 0.03f, 128)), 0.03f, dims);
        Assert.Equal(3, graph.Nodes.Count);
        float[] steps = graph.Nodes[1] is ConvNode conv ? conv.WeightSteps! : ((GemmNode)graph.Nodes[1]).WeightSteps!;
        Assert.All(steps, step => Assert.Equal(0.004f, step, 1e-6f));
    }

    [Fact]
    public void Weights_that_the_model_quantizes_itself_are_read()
    {
        string x = _model.Dequantize(_model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 100), 0.01f, 100);
        string quantized = _model.Node("QuantizeLinear", [_model.Random(0.4f, 4, 3, 3, 3), _model.Number(0.004f), _model.SignedZero()]);
        string conv = _model.Node("Conv", [x, _model.Node("DequantizeLinear", [quantized, _model.Number(0.004f), _model.SignedZero()])]);
        FloatGraph graph = CompareWithinOneStep(_model.Output(_model.Dequantize(_model.Quantize(conv, 0.02f, 128), 0.02f, 128)), 0.02f, 1, 3, 8, 8);
        Assert.Equal(0.004f, graph.Nodes.OfType<ConvNode>().Single().WeightSteps![3]);
    }

    [Fact]
    public void Different_grids_before_and_after_codes_are_refused()
    {
        string x = _model.Dequantize(_model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 100), 0.02f, 100);
        Import.Refuses(HawqIds.OnnxUnsupported, _model.Output(_model.Node("Relu", [x])), "dequantizelinear", "0.01", "0.02");
    }

    [Fact]
    public void Arithmetic_on_codes_is_refused()
    {
        string codes = _model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 100);
        Import.Refuses(HawqIds.OnnxUnsupported, _model.Output(_model.Node("Add", [codes, codes])), "add_", "codes");
    }

    [Fact]
    public void Dynamic_quantization_is_refused_with_a_hint()
    {
        string[] outputs = _model.Nodes("DynamicQuantizeLinear", [_model.Input("x", null, 3, 8, 8)], 3);
        Import.Refuses(HawqIds.OnnxUnsupported, _model.Output(outputs[0]), "DynamicQuantizeLinear", "static");
    }

    private static FloatGraph CompareWithinOneStep(OnnxModelBuilder model, float step, params long[] dims)
    {
        byte[] bytes = model.ToBytes();
        FloatGraph graph = Import.Of(bytes);
        float[] input = OnnxRunner.Noise((int)dims.Aggregate(1L, (a, b) => a * b));
        float[] expected = OnnxRunner.Run(bytes, input, dims)[0];
        Shape shape = graph.Shapes[graph.Input];
        float[] actual = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), input, 1, shape.Channels, shape.Height, shape.Width)[0];
        Assert.Equal(expected.Length, actual.Length);
        int[] differences = [.. expected.Zip(actual, (a, b) => (int)Math.Round(Math.Abs(a - b) / step))];
        Assert.True(differences.Max() <= 1 && differences.Count(d => d == 1) <= 1 + (expected.Length / 50), $"{differences.Count(d => d > 0)} of {expected.Length} differ, by at most {differences.Max()} steps");
        Assert.True(expected.Distinct().Count() > 3, "the test data collapses to almost nothing");
        return graph;
    }
}
