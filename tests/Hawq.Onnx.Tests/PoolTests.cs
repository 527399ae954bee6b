using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class PoolTests
{
    [Theory]
    [InlineData(3, 2, "1,1,1,1", 1, 0)]
    [InlineData(2, 2, "0,0,0,0", 1, 1)]
    [InlineData(3, 2, "0,0,0,0", 1, 1)]
    [InlineData(3, 2, "1,1,1,1", 1, 1)]
    [InlineData(2, 1, "0,1,1,0", 2, 0)]
    [InlineData(1, 3, "0,0,0,0", 1, 0)]
    public void Maximum_pooling_matches(int kernel, int stride, string pads, int dilation, int ceil)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 8, 9);
        string y = model.Node(
            "MaxPool", [x], ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("ceil_mode", ceil),
            ("dilations", new long[] { dilation, dilation }), ("pads", pads.Split(',').Select(long.Parse).ToArray()));
        Import.AndCompare(model.Output(y), 1, 3, 8, 9);
    }

    [Theory]
    [InlineData(3, 1, "1,1,1,1", 0, 0)]
    [InlineData(3, 1, "1,1,1,1", 1, 0)]
    [InlineData(2, 2, "0,0,0,0", 0, 1)]
    [InlineData(3, 2, "0,0,0,0", 1, 1)]
    [InlineData(3, 2, "1,0,0,1", 0, 1)]
    [InlineData(3, 2, "1,0,0,1", 1, 0)]
    public void Average_pooling_matches(int kernel, int stride, string pads, int countIncludePad, int ceil)
    {
        OnnxModelBuilder model = new(opset: 19);
        string x = model.Input("x", null, 3, 8, 9);
        string y = model.Node(
            "AveragePool", [x], ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("ceil_mode", ceil),
            ("count_include_pad", countIncludePad), ("pads", pads.Split(',').Select(long.Parse).ToArray()));
        Import.AndCompare(model.Output(y), 1, 3, 8, 9);
    }

    [Fact]
    public void An_average_over_the_whole_input_is_a_global_average()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("AveragePool", [model.Input("x", null, 3, 4, 5)], ("kernel_shape", new long[] { 4, 5 }));
        Assert.IsType<GlobalAveragePoolNode>(Assert.Single(Import.AndCompare(model.Output(y), 1, 3, 4, 5).Nodes));
    }

    [Theory]
    [InlineData("GlobalAveragePool")]
    [InlineData("GlobalMaxPool")]
    public void Global_pooling_matches(string op)
    {
        OnnxModelBuilder model = new();
        Import.AndCompare(model.Output(model.Node(op, [model.Input("x", null, 3, 4, 5)])), 1, 3, 4, 5);
    }

    [Theory]
    [InlineData("ReduceMean", 0)]
    [InlineData("ReduceMean", 1)]
    [InlineData("ReduceMax", 0)]
    public void Reduction_over_space_is_global_pooling(string op, int keepDims)
    {
        OnnxModelBuilder model = new();
        string y = model.Node(op, [model.Input("x", null, 3, 4, 5)], ("axes", new long[] { -1, 2 }), ("keepdims", keepDims));
        Import.AndCompare(model.Output(y), 1, 3, 4, 5);
    }

    [Fact]
    public void Axes_of_a_reduction_may_be_an_input()
    {
        OnnxModelBuilder model = new(opset: 18);
        string y = model.Node("ReduceMean", [model.Input("x", null, 3, 4, 5), model.Integers(2, 3)], ("keepdims", 0));
        Import.AndCompare(model.Output(y), 1, 3, 4, 5);
    }
}
