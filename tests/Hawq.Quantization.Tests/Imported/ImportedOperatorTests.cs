using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Quantization.Tests.Imported;

/// <summary>Every form of quantized operator: our integers against ONNX Runtime's on the same file.</summary>
public sealed class ImportedOperatorTests
{
    private readonly OnnxModelBuilder _model = new(opset: 17);

    [Fact]
    public void QDQ_convolution_with_a_bias_and_a_scale_per_channel()
    {
        string x = _model.OnGrid(_model.Input("x", null, 3, 8, 8), 0.01f, 100);
        string weights = _model.Dequantize(_model.Codes(6, 3, 3, 3), _model.Steps(6, 0.004f), _model.Zeros(6), ("axis", 0));
        string bias = _model.Dequantize(_model.Integers32(6), _model.Steps(6, 0.01f * 0.004f), "", ("axis", 0));
        string conv = _model.Node("Relu", [_model.Node("Conv", [x, weights, bias], ("pads", new long[] { 1, 1, 1, 1 }))]);
        ImportedModel model = Check(_model.Output(_model.OnGrid(conv, 0.02f, 10)), 1, 3, 8, 8);

        ConvLayer layer = Assert.IsType<ConvLayer>(Assert.Single(model.Network.Layers));
        Assert.Equal([-6000, -3000, 0, 3000, 6000, 9000], layer.Bias);
        Tensor output = model.Network.Tensor(layer.Output);
        Assert.Equal((10, 255, 10, 0.02f), (output.Lo, output.Hi, output.ZeroPoint, output.Scale));
        sbyte[] codes = new NetworkWeights(model.Quantized.Sidecar).Unpack(layer.Weights);
        Random random = new(3);
        int[] theirs = [.. Enumerable.Range(0, 6 * 27).Select(_ => random.Next(-127, 128))];
        Assert.Equal(theirs[5], codes[5 * 3]); // [output 0][channel 0][tap 5] of the file
    }

    [Fact]
    public void QLinearConv_and_a_pool_of_its_codes()
    {
        string codes = _model.Quantize(_model.Input("x", null, 3, 8, 8), 0.01f, 128);
        string conv = _model.Node(
            "QLinearConv",
            [codes, _model.Number(0.01f), _model.Zero(128), _model.Codes(6, 3, 3, 3), _model.Steps(6, 0.004f), _model.Zeros(6), _model.Number(0.03f), _model.Zero(120), _model.Integers32(6)],
            ("pads", new long[] { 1, 1, 1, 1 }));
        string pooled = _model.Node("MaxPool", [conv], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        Check(_model.Output(_model.Dequantize(pooled, 0.03f, 120)), 1, 3, 8, 8);
    }

    [Fact]
    public void QLinearMatMul()
    {
        string codes = _model.Quantize(_model.Input("x", null, 40), 0.01f, 128);
        string product = _model.Node(
            "QLinearMatMul", [codes, _model.Number(0.01f), _model.Zero(128), _model.Codes(40, 5), _model.Number(0.005f), _model.SignedZero(), _model.Number(0.05f), _model.Zero(128)]);
        Check(_model.Output(_model.Dequantize(product, 0.05f, 128)), 1, 40);
    }

    [Theory]
    [InlineData("ConvInteger")]
    [InlineData("MatMulInteger")]
    public void Raw_accumulators(string op)
    {
        bool isConv = op == "ConvInteger";
        long[] dims = isConv ? [1, 3, 8, 8] : [1, 40];
        string codes = _model.Quantize(_model.Input("x", [null, .. dims[1..].Select(dim => (long?)dim)]), 0.01f, 128);
        string accumulator = _model.Node(op, [codes, isConv ? _model.Codes(5, 3, 3, 3) : _model.Codes(40, 5), _model.Zero(128)]);
        string real = _model.Node("Mul", [_model.Node("Cast", [accumulator], ("to", 1)), _model.Number(0.01f * 0.004f)]);
        Check(_model.Output(_model.OnGrid(real, 0.03f, 128)), dims);
    }

    [Theory]
    [InlineData("QLinearAdd")]
    [InlineData("QLinearMul")]
    [InlineData("QLinearConcat")]
    public void Two_operands(string op)
    {
        string a = _model.Quantize(_model.Input("x", null, 3, 4, 5), 0.01f, 128);
        string b = _model.NodeOf("com.microsoft", "QLinearSigmoid", [a, _model.Number(0.01f), _model.Zero(128), _model.Number(0.004f), _model.Zero(0)], 1)[0];
        string[] inputs = op == "QLinearConcat"
            ? [_model.Number(0.0213f), _model.Zero(60), a, _model.Number(0.01f), _model.Zero(128), b, _model.Number(0.004f), _model.Zero(0)]
            : [a, _model.Number(0.01f), _model.Zero(128), b, _model.Number(0.004f), _model.Zero(0), _model.Number(0.0213f), _model.Zero(60)];
        string y = _model.NodeOf("com.microsoft", op, inputs, 1, op == "QLinearConcat" ? [("axis", 1)] : [])[0];
        Check(_model.Output(_model.Dequantize(y, 0.0213f, 60)), 1, 3, 4, 5);
    }

    [Theory]
    [InlineData("QLinearGlobalAveragePool")]
    [InlineData("QLinearSigmoid")]
    [InlineData("QLinearLeakyRelu")]
    [InlineData("QLinearAveragePool")]
    public void One_operand(string op) => Check(_model.OnCodes(op, 0.0083f, 100), 1, 8, 4, 5);

    [Fact]
    public void Two_convolutions_added_in_front_of_one_grid()
    {
        string x = _model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128);
        string sum = _model.Node("Relu", [_model.Node("Add", [Pointwise(x), Pointwise(x)])]);
        ImportedModel model = Check(_model.Output(_model.OnGrid(sum, 0.02f, 0)), 1, 4, 6, 6);
        Assert.Equal(["conv", "conv", "add", "requantize"], model.Network.Layers.Select(layer => layer.Op));
    }

    [Fact]
    public void A_pool_between_a_convolution_and_its_grid()
    {
        string x = _model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128);
        string pooled = _model.Node("MaxPool", [_model.Node("Relu", [Pointwise(x)])], ("kernel_shape", new long[] { 2, 2 }));
        Check(_model.Output(_model.OnGrid(pooled, 0.02f, 7)), 1, 4, 6, 6);
    }

    [Fact]
    public void A_last_layer_without_a_grid_keeps_its_accumulators()
    {
        string x = _model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128);
        ImportedModel model = new(_model.Output(Pointwise(x)).ToBytes());
        Assert.All(model.Differences(OnnxRunner.Noise(144), 1, 4, 6, 6), difference => Assert.InRange(difference, -1, 1));
        Assert.Equal(32, model.Network.Tensor(model.Network.Outputs[0]).Bits);
    }

    [Fact]
    public void The_same_grid_twice_is_no_layer()
    {
        string x = _model.OnGrid(_model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128), 0.01f, 128);
        ImportedModel model = Check(_model.Output(_model.OnGrid(Pointwise(x), 0.03f, 99)), 1, 4, 6, 6);
        Assert.Single(model.Network.Layers);
    }

    [Fact]
    public void Float_arithmetic_between_codes_is_refused()
    {
        string x = _model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128);
        string sum = _model.Node("Add", [x, _model.OnGrid(Pointwise(x), 0.02f, 128)]);
        Refuses(_model.Output(_model.OnGrid(_model.Node("Sigmoid", [sum]), 0.01f, 0)), "in float", "QuantizeLinear");
    }

    [Fact]
    public void Float_weights_behind_codes_are_refused()
    {
        string x = _model.OnGrid(_model.Input("x", null, 4, 6, 6), 0.01f, 128);
        string conv = _model.Node("Conv", [x, _model.Random(0.3f, 4, 4, 1, 1)]);
        Refuses(_model.Output(_model.OnGrid(conv, 0.03f, 99)), "float weights", "DequantizeLinear");
    }

    [Fact]
    public void A_float_input_is_refused()
    {
        string x = _model.Input("x", null, 4, 6, 6);
        Refuses(_model.Output(_model.OnGrid(_model.Node("Sigmoid", [x]), 0.01f, 0)), "input in float");
    }

    private string Pointwise(string x) =>
        _model.Node("Conv", [x, _model.Dequantize(_model.Codes(4, 4, 1, 1), _model.Steps(4, 0.004f), _model.Zeros(4), ("axis", 0))]);

    /// <summary>Ties round differently (ours up, ONNX's to even), and so does a float sum that falls on the other side of one: at most one step, rarely.</summary>
    private static ImportedModel Check(OnnxModelBuilder builder, params long[] dims)
    {
        ImportedModel model = new(builder.ToBytes());
        int length = (int)dims.Aggregate(1L, (a, b) => a * b), different = 0, all = 0;
        for (int seed = 1; seed <= 5; seed++)
        {
            int[] differences = model.Differences(OnnxRunner.Noise(length, seed), dims);
            Assert.All(differences, difference => Assert.InRange(difference, -1, 1));
            different += differences.Count(difference => difference != 0);
            all += differences.Length;
        }

        Assert.True(different <= 1 + (all / 50), $"{different} of {all} differ");
        return model;
    }

    private static void Refuses(OnnxModelBuilder builder, params string[] parts)
    {
        HawqException exception = Assert.Throws<HawqException>(() => new ImportedModel(builder.ToBytes()));
        Assert.Equal(HawqIds.OnnxUnsupported, exception.Id);
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }
}
