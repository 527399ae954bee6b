using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class LayoutTests
{
    [Fact]
    public void Flattening_in_another_order_ends_up_in_the_weights()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string flat = model.Node("Reshape", [model.Node("Transpose", [x], ("perm", new long[] { 0, 2, 3, 1 })), model.Integers(0, -1)]);
        string y = model.Node("Gemm", [flat, model.Random(1, 60, 7), model.Random(1, 7)]);
        Assert.IsType<GemmNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes));
    }

    [Theory]
    [InlineData(0, 1f, 1f)]
    [InlineData(1, 0.5f, 2f)]
    public void Gemm_attributes_are_folded_into_the_weights(int transB, float alpha, float beta)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6);
        string weights = transB == 1 ? model.Random(1, 4, 6) : model.Random(1, 6, 4);
        string y = model.Node("Gemm", [x, weights, model.Random(1, 1, 4)], ("transB", transB), ("alpha", alpha), ("beta", beta));
        Import.AndCompare(model.Output(y), 1, 6);
    }

    [Fact]
    public void Shape_arithmetic_of_exporters_folds_to_nothing()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string batch = model.Node("Gather", [model.Node("Shape", [x]), Scalar(model, 0)], ("axis", 0));
        string shape = model.Node("Concat", [model.Node("Unsqueeze", [batch, model.Integers(0)]), model.Integers(-1)], ("axis", 0));
        string y = model.Node("Gemm", [model.Node("Reshape", [x, shape]), model.Random(1, 60, 2)]);
        Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes);
    }

    [Fact]
    public void Channel_shuffle_is_one_permutation()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6, 4, 5);
        string split = model.Node("Reshape", [x, model.Integers(0, 2, 3, 4, 5)]);
        string y = model.Node("Reshape", [model.Node("Transpose", [split], ("perm", new long[] { 0, 2, 1, 3, 4 })), model.Integers(0, 6, 4, 5)]);
        string a = model.Node("Conv", [y, model.Random(1, 2, 6, 1, 1)]);
        string b = model.Node("Conv", [y, model.Random(1, 2, 6, 3, 3)]);
        FloatGraph graph = Import.AndCompare(model.Output(a, b), 1, 6, 4, 5);
        Assert.Equal([0, 3, 1, 4, 2, 5], Assert.Single(graph.Nodes.OfType<ChannelPermutationNode>()).Source);
        Assert.Equal(3, graph.Nodes.Count);
    }

    [Fact]
    public void A_shuffled_output_is_put_in_order()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6, 4, 5);
        string split = model.Node("Reshape", [model.Node("Relu", [x]), model.Integers(0, 2, 3, 4, 5)]);
        string y = model.Node("Reshape", [model.Node("Transpose", [split], ("perm", new long[] { 0, 2, 1, 3, 4 })), model.Integers(0, 6, 4, 5)]);
        Import.AndCompare(model.Output(y), 1, 6, 4, 5);
    }

    [Fact]
    public void Split_and_concat_of_channels_match()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6, 4, 5);
        string[] parts = model.Nodes("Split", [x, model.Integers(1, 2, 3)], 3, ("axis", 1));
        string y = model.Node("Concat", [parts[2], parts[0], parts[1], parts[0]], ("axis", 1));
        Import.AndCompare(model.Output(y), 1, 6, 4, 5);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Split_of_rows_and_columns_matches(int axis)
    {
        OnnxModelBuilder model = new(opset: 18);
        string x = model.Input("x", null, 2, 5, 5);
        string[] parts = model.Nodes("Split", [x], 2, ("axis", axis), ("num_outputs", 2));
        Import.AndCompare(model.Output(parts), 1, 2, 5, 5);
    }

    [Theory]
    [InlineData("1,2,-3", "2147483647,-1,4", "2,3,1", "2,1,1")]
    [InlineData("0,1", "5,9223372036854775807", "2,3", "9,4")]
    public void Slices_match(string starts, string ends, string axes, string steps)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6, 5, 7);
        string y = model.Node("Slice", [x, .. new[] { starts, ends, axes, steps }.Select(list => model.Integers([.. list.Split(',').Select(long.Parse)]))]);
        Import.AndCompare(model.Output(y), 1, 6, 5, 7);
    }

    [Fact]
    public void Padding_of_all_three_axes_matches()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Pad", [model.Input("x", null, 2, 3, 4), model.Integers(0, 1, 2, 0, 0, 2, 0, 3)]);
        Import.AndCompare(model.Output(y), 1, 2, 3, 4);
    }

    [Theory]
    [InlineData("asymmetric", "floor", 2, 3)]
    [InlineData("half_pixel", "round_prefer_floor", 2, 2)]
    [InlineData("pytorch_half_pixel", "round_prefer_ceil", 3, 3)]
    public void Nearest_neighbour_enlargement_matches(string transform, string rounding, int rows, int columns)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 2, 3, 4);
        string y = model.Node(
            "Resize", [x, "", model.Floats([4], 1, 1, rows, columns)], ("mode", "nearest"), ("coordinate_transformation_mode", transform), ("nearest_mode", rounding));
        Import.AndCompare(model.Output(y), 1, 2, 3, 4);
    }

    [Fact]
    public void Linear_enlargement_of_one_pixel_repeats_it()
    {
        OnnxModelBuilder model = new();
        string pixel = model.Node("GlobalAveragePool", [model.Input("x", null, 3, 4, 5)]);
        string y = model.Node("Resize", [pixel, "", "", model.Integers(1, 3, 4, 5)], ("mode", "linear"), ("coordinate_transformation_mode", "pytorch_half_pixel"));
        Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes.OfType<ResizeNode>());
    }

    [Fact]
    public void Channels_gathered_in_another_order_are_a_permutation()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Gather", [model.Input("x", null, 4, 3, 2), model.Integers(2, 0, -1, 1)], ("axis", 1));
        Assert.Equal([2, 0, 3, 1], Assert.IsType<ChannelPermutationNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 4, 3, 2).Nodes)).Source);
    }

    [Fact]
    public void Channels_gathered_in_no_plain_order_are_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Gather", [model.Input("x", null, 4, 3, 2), model.Integers(2, 0, 2)], ("axis", 1));
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "gather_", "3 of 4 channels", "another order");
    }

    [Fact]
    public void Zeros_in_front_of_a_convolution_become_its_padding()
    {
        OnnxModelBuilder model = new();
        string padded = model.Node("Pad", [model.Input("x", null, 3, 5, 5), model.Integers(0, 0, 0, 1, 0, 0, 2, 1)]);
        string y = model.Node("Conv", [padded, model.Random(1, 4, 3, 3, 3)], ("pads", new long[] { 1, 0, 0, 1 }), ("strides", new long[] { 2, 2 }));
        ConvNode conv = Assert.IsType<ConvNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 5, 5).Nodes));
        Assert.Equal(new Padding(1, 1, 2, 2), conv.Padding);
    }

    [Fact]
    public void Enlargement_to_a_size_matches()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 2, 3, 4);
        string y = model.Node("Resize", [x, "", "", model.Integers(1, 2, 6, 8)], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        Import.AndCompare(model.Output(y), 1, 2, 3, 4);
    }

    [Fact]
    public void A_network_in_channels_last_order_matches()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 6);
        string conv = model.Node("Conv", [x, model.Random(1, 4, 3, 3, 3)]);
        string last = model.Node("Transpose", [conv], ("perm", new long[] { 0, 2, 3, 1 }));
        string sum = model.Node("Relu", [model.Node("Add", [last, model.Random(1, 4)])]);
        string joined = model.Node("Concat", [sum, last], ("axis", 3));
        string first = model.Node("Transpose", [joined], ("perm", new long[] { 0, 3, 1, 2 }));
        string again = model.Node("Transpose", [model.Node("Conv", [first, model.Random(1, 5, 8, 1, 1)])], ("perm", new long[] { 0, 2, 3, 1 }));
        Import.AndCompare(model.Output(model.Node("ReduceMean", [again], ("axes", new long[] { 1, 2 }), ("keepdims", 0))), 1, 3, 6, 6);
    }

    [Fact]
    public void An_input_with_channels_last_is_taken_with_channels_first_and_noted()
    {
        OnnxModelBuilder model = new();
        string x = model.Node("Transpose", [model.Input("x", null, 4, 5, 3)], ("perm", new long[] { 0, 3, 1, 2 }));
        FloatGraph graph = Import.Of(model.Output(model.Node("Relu", [x])));
        Assert.Equal(new Shape(4, 5, 3), graph.Shapes["x"]);
        Assert.Contains("channels first", Assert.Single(graph.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_batch_becomes_one()
    {
        OnnxModelBuilder model = new();
        string flat = model.Node("Reshape", [model.Input("x", 8, 3, 4, 5), model.Integers(8, 60)]);
        FloatGraph graph = Import.Of(model.Output(model.Node("Gemm", [flat, model.Random(1, 60, 2)])));
        Assert.Equal(new Shape(1, 1, 2), graph.Shapes[graph.Outputs[0]]);
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void A_softmax_at_the_end_is_dropped_with_a_note(string op)
    {
        OnnxModelBuilder model = new();
        string gemm = model.Node("Gemm", [model.Input("x", null, 6), model.Random(1, 6, 4)]);
        FloatGraph graph = Import.Of(model.Output(model.Node(op, [gemm], ("axis", -1))));
        Assert.Equal(gemm, Assert.Single(graph.Outputs));
        Assert.Contains("dropped", Assert.Single(graph.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_softmax_in_the_middle_is_refused()
    {
        OnnxModelBuilder model = new();
        string softmax = model.Node("Softmax", [model.Input("x", null, 6)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(model.Node("Gemm", [softmax, model.Random(1, 6, 4)])), "Softmax", "softmax_0", "end");
    }

    private static string Scalar(OnnxModelBuilder model, long value) =>
        model.Node("Squeeze", [model.Integers(value), model.Integers(0)]);
}
