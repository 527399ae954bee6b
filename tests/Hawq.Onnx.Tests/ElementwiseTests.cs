using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class ElementwiseTests
{
    [Theory]
    [InlineData("Abs")]
    [InlineData("Ceil")]
    [InlineData("Celu")]
    [InlineData("Elu")]
    [InlineData("Erf")]
    [InlineData("Exp")]
    [InlineData("Floor")]
    [InlineData("Gelu")]
    [InlineData("HardSigmoid")]
    [InlineData("HardSwish")]
    [InlineData("LeakyRelu")]
    [InlineData("Mish")]
    [InlineData("Neg")]
    [InlineData("Reciprocal")]
    [InlineData("Relu")]
    [InlineData("Round")]
    [InlineData("Selu")]
    [InlineData("Sigmoid")]
    [InlineData("Sign")]
    [InlineData("Softplus")]
    [InlineData("Softsign")]
    [InlineData("Tanh")]
    [InlineData("ThresholdedRelu")]
    public void Functions_match_and_so_does_their_table(string op)
    {
        OnnxModelBuilder model = new(opset: 20);
        string x = model.Input("x", null, 3, 4, 5);
        byte[] bytes = model.Output(model.Node(op, [x])).ToBytes();
        FloatGraph graph = Import.AndCompare(model, 1, 3, 4, 5);
        if (graph.Nodes[0] is UnaryNode unary)
        {
            float[] input = OnnxRunner.Noise(60);
            float[] expected = OnnxRunner.Run(bytes, input, 1, 3, 4, 5)[0];
            Assert.All(input.Zip(expected), pair => Assert.Equal(pair.Second, unary.Function.Evaluate(pair.First), 1e-4 * (1 + Math.Abs(pair.Second))));
        }
    }

    [Fact]
    public void Parameters_of_functions_are_read()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string a = model.Node("LeakyRelu", [x], ("alpha", 0.3f));
        string b = model.Node("Elu", [a], ("alpha", 0.7f));
        string c = model.Node("HardSigmoid", [b], ("alpha", 0.25f), ("beta", 0.4f));
        UnaryNode node = Assert.IsType<UnaryNode>(Assert.Single(Import.AndCompare(model.Output(c), 1, 3, 4, 5).Nodes));
        Assert.Equal("hardsigmoid(elu(leakyrelu(x, 0.3), 0.7), 0.25, 0.4)", node.Function.ToString());
    }

    [Theory]
    [InlineData("Add", false)]
    [InlineData("Add", true)]
    [InlineData("Sub", false)]
    [InlineData("Sub", true)]
    public void One_number_per_channel_that_is_computed_is_added_to_an_image(string op, bool isFirst)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string mean = model.Node("Conv", [model.Node("GlobalAveragePool", [x]), model.Random(1, 3, 3, 1, 1)]);
        FloatGraph graph = Import.AndCompare(model.Output(model.Node(op, isFirst ? [mean, x] : [x, mean])), 1, 3, 4, 5);
        Assert.Equal(new Size2(4, 5), Assert.Single(graph.Nodes.OfType<ResizeNode>()).Factor);
    }

    [Fact]
    public void A_sum_of_several_values_is_a_chain_of_additions()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string[] terms = [.. Enumerable.Range(0, 4).Select(_ => model.Node("Conv", [x, model.Random(1, 3, 3, 1, 1)]))];
        FloatGraph graph = Import.AndCompare(model.Output(model.Node("Sum", terms)), 1, 3, 4, 5);
        Assert.Equal(3, graph.Nodes.OfType<AddNode>().Count());
    }

    [Fact]
    public void A_factor_repeated_from_one_pixel_keeps_the_shape_of_the_product()
    {
        OnnxModelBuilder model = new();
        string pixel = model.Node("GlobalAveragePool", [model.Input("x", null, 3, 4, 5)]);
        string repeated = model.Node("Resize", [pixel, "", model.Floats([4], 1, 1, 2, 3)], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        string gate = model.Node("Sigmoid", [model.Node("Conv", [pixel, model.Random(1, 3, 3, 1, 1)])]);
        Import.AndCompare(model.Output(model.Node("Mul", [repeated, gate])), 1, 3, 4, 5);
    }

    [Fact]
    public void Silu_written_as_a_product_is_one_function()
    {
        OnnxModelBuilder model = new();
        string x = model.Node("Conv", [model.Input("x", null, 3, 4, 5), model.Random(1, 4, 3, 1, 1)]);
        string y = model.Node("Mul", [x, model.Node("Sigmoid", [x])]);
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 3, 4, 5);
        Assert.Equal("mul(x, sigmoid(x))", Assert.IsType<UnaryNode>(graph.Nodes[^1]).Function.ToString());
        Assert.Equal(2, graph.Nodes.Count);
    }

    [Fact]
    public void HardSwish_written_with_add_clip_mul_and_div_is_one_function()
    {
        OnnxModelBuilder model = new();
        string x = model.Node("Conv", [model.Input("x", null, 3, 4, 5), model.Random(3, 4, 3, 1, 1)]);
        string clipped = model.Node("Clip", [model.Node("Add", [x, model.Floats([], 3)]), model.Floats([], 0), model.Floats([], 6)]);
        string y = model.Node("Div", [model.Node("Mul", [x, clipped]), model.Floats([], 6)]);
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 3, 4, 5);
        Assert.IsType<UnaryNode>(graph.Nodes[^1]);
        Assert.Equal(2, graph.Nodes.Count);
    }

    [Fact]
    public void Gelu_written_with_erf_is_one_function()
    {
        OnnxModelBuilder model = new();
        string x = model.Node("Conv", [model.Input("x", null, 3, 4, 5), model.Random(1, 4, 3, 1, 1)]);
        string erf = model.Node("Erf", [model.Node("Div", [x, model.Floats([], MathF.Sqrt(2))])]);
        string y = model.Node("Mul", [model.Node("Mul", [x, model.Node("Add", [erf, model.Floats([], 1)])]), model.Floats([], 0.5f)]);
        Assert.Equal(2, Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes.Count);
    }

    [Fact]
    public void A_function_that_something_else_reads_stays()
    {
        OnnxModelBuilder model = new();
        string relu = model.Node("Sigmoid", [model.Input("x", null, 3, 4, 5)]);
        Import.AndCompare(model.Output(model.Node("Tanh", [relu]), relu), 1, 3, 4, 5);
    }

    [Fact]
    public void Clips_in_a_row_are_one_clip()
    {
        OnnxModelBuilder model = new();
        string relu = model.Node("Relu", [model.Input("x", null, 3, 4, 5)]);
        string y = model.Node("Min", [relu, model.Floats([], 0.5f)]);
        ClipNode clip = Assert.IsType<ClipNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes));
        Assert.Equal((0f, 0.5f), (clip.Lo, clip.Hi));
    }

    [Fact]
    public void Clip_bounds_may_be_attributes_in_old_opsets()
    {
        OnnxModelBuilder model = new(opset: 10);
        string y = model.Node("Clip", [model.Input("x", null, 3, 4, 5)], ("min", -0.25f), ("max", 0.5f));
        Import.AndCompare(model.Output(y), 1, 3, 4, 5);
    }

    [Fact]
    public void Slopes_may_differ_by_channel()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("PRelu", [model.Input("x", null, 3, 4, 5), model.Random(1, 3, 1, 1)]);
        Assert.IsType<PReluNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes));
    }

    [Fact]
    public void One_slope_is_a_leaky_rectifier()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("PRelu", [model.Input("x", null, 3, 4, 5), model.Floats([1], 0.2f)]);
        Assert.IsType<UnaryNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes));
    }

    [Theory]
    [InlineData("Add")]
    [InlineData("Sub")]
    [InlineData("Mul")]
    public void Arithmetic_on_two_branches_matches(string op)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string a = model.Node("Conv", [x, model.Random(1, 4, 3, 1, 1)]);
        string b = model.Node("Conv", [x, model.Random(1, 4, 3, 1, 1)]);
        Import.AndCompare(model.Output(model.Node(op, [a, b])), 1, 3, 4, 5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Squeeze_and_excite_multiplies_by_one_number_per_channel(bool isGateFirst)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 8, 4, 5);
        string gate = model.Node("Conv", [model.Node("GlobalAveragePool", [x]), model.Random(1, 8, 8, 1, 1)]);
        gate = model.Node("HardSigmoid", [gate]);
        MulNode mul = Assert.IsType<MulNode>(Import.AndCompare(model.Output(model.Node("Mul", isGateFirst ? [gate, x] : [x, gate])), 1, 8, 4, 5).Nodes[^1]);
        Assert.Equal("x", mul.A);
    }

    [Fact]
    public void A_gate_that_is_expanded_first_is_multiplied_directly()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", 1, 8, 4, 5);
        string gate = model.Node("Sigmoid", [model.Node("Gemm", [model.Node("Flatten", [model.Node("GlobalAveragePool", [x])]), model.Random(1, 8, 8)])]);
        gate = model.Node("Expand", [model.Node("Reshape", [gate, model.Integers(1, 8, 1, 1)]), model.Node("Shape", [x])]);
        FloatGraph graph = Import.AndCompare(model.Output(model.Node("Mul", [x, gate])), 1, 8, 4, 5);
        Assert.Empty(graph.Nodes.OfType<ResizeNode>());
    }

    [Theory]
    [InlineData("Max")]
    [InlineData("Div")]
    public void Other_arithmetic_on_two_branches_is_refused(string op)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string a = model.Node("Conv", [x, model.Random(1, 4, 3, 1, 1)]);
        string b = model.Node("Conv", [x, model.Random(1, 4, 3, 1, 1)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(model.Node(op, [a, b])), op, "4x5x4");
    }
}
