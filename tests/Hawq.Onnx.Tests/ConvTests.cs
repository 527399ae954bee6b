using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class ConvTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, "0,0,0,0", 1)]
    [InlineData(3, 3, 2, 1, "1,1,1,1", 1)]
    [InlineData(3, 3, 1, 2, "2,2,2,2", 2)]
    [InlineData(1, 7, 1, 1, "0,3,0,3", 1)]
    [InlineData(7, 1, 3, 1, "2,0,4,0", 2)]
    [InlineData(2, 2, 3, 1, "0,1,1,0", 4)]
    public void Convolutions_of_every_shape_match(int rows, int columns, int stride, int dilation, string pads, int groups)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 4, 11, 9);
        string y = model.Node(
            "Conv", [x, model.Random(0.5f, 8, 4 / groups, rows, columns), model.Random(0.5f, 8)], ("kernel_shape", new long[] { rows, columns }),
            ("strides", new long[] { stride, stride }), ("dilations", new long[] { dilation, dilation }), ("group", groups),
            ("pads", pads.Split(',').Select(long.Parse).ToArray()));
        Import.AndCompare(model.Output(y), 1, 4, 11, 9);
    }

    [Theory]
    [InlineData("SAME_UPPER", 2, 3)]
    [InlineData("SAME_LOWER", 2, 3)]
    [InlineData("SAME_UPPER", 3, 2)]
    [InlineData("SAME_LOWER", 1, 4)]
    [InlineData("VALID", 2, 3)]
    public void Auto_pad_becomes_explicit_padding(string mode, int stride, int kernel)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 2, 8, 7);
        string y = model.Node("Conv", [x, model.Random(0.5f, 3, 2, kernel, kernel)], ("auto_pad", mode), ("strides", new long[] { stride, stride }));
        Import.AndCompare(model.Output(y), 1, 2, 8, 7);
    }

    [Theory]
    [InlineData(2, 3, "1,1,1,1", "1,1", 1, 1)]
    [InlineData(2, 2, "0,0,0,0", "0,0", 2, 1)]
    [InlineData(3, 3, "0,1,2,0", "2,0", 1, 2)]
    [InlineData(1, 5, "2,2,2,2", "0,0", 2, 1)]
    public void Transposed_convolutions_match(int stride, int kernel, string pads, string outputPadding, int groups, int dilation)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 4, 5, 6);
        string y = model.Node(
            "ConvTranspose", [x, model.Random(0.5f, 4, 3, kernel, kernel), model.Random(0.5f, 3 * groups)], ("strides", new long[] { stride, stride }),
            ("pads", pads.Split(',').Select(long.Parse).ToArray()), ("output_padding", outputPadding.Split(',').Select(long.Parse).ToArray()),
            ("dilations", new long[] { dilation, dilation }), ("group", groups));
        Import.AndCompare(model.Output(y), 1, 4, 5, 6);
    }

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    public void Transposed_convolution_with_auto_pad_multiplies_the_size(string mode)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 2, 4, 4);
        string y = model.Node("ConvTranspose", [x, model.Random(0.5f, 2, 3, 3, 3)], ("strides", new long[] { 2, 2 }), ("auto_pad", mode));
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 2, 4, 4);
        Assert.Equal(new Shape(8, 8, 3), graph.Shapes[graph.Outputs[0]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Batch_normalization_folds_into_a_transposed_convolution(int groups)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 4, 4, 4);
        string y = model.Node("ConvTranspose", [x, model.Random(0.5f, 4, 3, 2, 2)], ("strides", new long[] { 2, 2 }), ("group", groups));
        FloatGraph graph = Import.AndCompare(model.Output(BatchNormalization(model, y, 3 * groups)), 1, 4, 4, 4);
        Assert.Single(graph.Nodes);
    }

    [Fact]
    public void Batch_normalization_folds_into_the_convolution_before_it()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 6);
        string y = BatchNormalization(model, model.Node("Conv", [x, model.Random(0.5f, 8, 3, 3, 3)]), 8);
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 3, 6, 6);
        Assert.IsType<ConvNode>(Assert.Single(graph.Nodes));
    }

    [Fact]
    public void Batch_normalization_stands_alone_where_the_convolution_has_another_reader()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 6);
        string conv = model.Node("Conv", [x, model.Random(0.5f, 8, 3, 3, 3)]);
        string y = model.Node("Add", [BatchNormalization(model, conv, 8), conv]);
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 3, 6, 6);
        Assert.Equal(8, Assert.IsType<ConvNode>(graph.Nodes[1]).Groups);
    }

    [Fact]
    public void Batch_normalization_stands_alone_where_the_convolution_is_an_output()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 6);
        string conv = model.Node("Conv", [x, model.Random(0.5f, 8, 3, 3, 3)]);
        FloatGraph graph = Import.AndCompare(model.Output(BatchNormalization(model, conv, 8), conv), 1, 3, 6, 6);
        Assert.Equal(2, graph.Nodes.Count);
    }

    [Fact]
    public void Batch_normalization_of_features_folds_into_the_fully_connected_layer()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 6);
        string y = BatchNormalization(model, model.Node("MatMul", [x, model.Random(0.5f, 6, 5)]), 5);
        FloatGraph graph = Import.AndCompare(model.Output(y), 1, 6);
        Assert.IsType<GemmNode>(Assert.Single(graph.Nodes));
    }

    [Fact]
    public void Multiplication_and_addition_of_constants_fold_like_a_batch_normalization()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 6, 6);
        string conv = model.Node("Conv", [x, model.Random(0.5f, 4, 3, 3, 3)]);
        string scaled = model.Node("Mul", [conv, model.Random(0.5f, 4, 1, 1)]);
        string moved = model.Node("Add", [model.Random(0.5f, 1, 4, 1, 1), scaled]);
        string halved = model.Node("Div", [model.Node("Sub", [moved, model.Floats([], 0.25f)]), model.Floats([1], 2f)]);
        FloatGraph graph = Import.AndCompare(model.Output(halved), 1, 3, 6, 6);
        Assert.Single(graph.Nodes);
    }

    internal static string BatchNormalization(OnnxModelBuilder model, string x, int channels) =>
        model.Node(
            "BatchNormalization",
            [x, model.Random(0.5f, 1.5f, channels), model.Random(0.5f, channels), model.Random(0.5f, channels), model.Random(0.5f, 2f, channels)],
            ("epsilon", 1e-3f));
}
