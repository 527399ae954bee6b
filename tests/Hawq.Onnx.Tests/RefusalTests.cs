using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class RefusalTests
{
    [Fact]
    public void An_unknown_operator_is_named_with_its_node_and_what_is_supported()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("LSTM", [model.Input("x", null, 3, 4, 5)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "LSTM node 'lstm_0'", "Supported are", "Conv");
    }

    [Fact]
    public void An_operator_of_another_domain_is_named_with_its_domain()
    {
        OnnxModelBuilder model = new();
        string[] y = model.NodeOf("com.example", "Conv", [model.Input("x", null, 3, 4, 5)], 1);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "com.example");
    }

    [Fact]
    public void An_attribute_that_the_importer_does_not_know_is_named()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Relu", [model.Input("x", null, 3, 4, 5)], ("leak", 0.5f));
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "'leak'", "relu_0");
    }

    [Fact]
    public void A_symbolic_height_is_refused_with_a_hint()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Relu", [model.Input("x", null, 3, null, 5)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "Dimension 2", "fixed input size");
    }

    [Fact]
    public void A_second_input_is_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Add", [model.Input("x", null, 3, 4, 5), model.Input("z", null, 3, 4, 5)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "2 inputs", "x, z");
    }

    [Fact]
    public void Weights_that_do_not_fit_the_input_are_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Conv", [model.Input("x", null, 3, 4, 5), model.Random(1, 4, 2, 3, 3)]);
        Import.Refuses(HawqIds.OnnxGraph, model.Output(y), "conv_1", "[4, 2, 3, 3]", "3 channels");
    }

    [Fact]
    public void Weights_that_are_computed_from_the_input_are_refused()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(model.Node("Conv", [x, x])), "weights", "not a constant");
    }

    [Fact]
    public void A_kernel_larger_than_its_input_is_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("MaxPool", [model.Input("x", null, 3, 4, 5)], ("kernel_shape", new long[] { 5, 5 }));
        Import.Refuses(HawqIds.OnnxGraph, model.Output(y), "5x5", "4x5x3");
    }

    [Fact]
    public void Padding_with_another_number_than_zero_is_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Pad", [model.Input("x", null, 3, 4, 5), model.Integers(0, 0, 1, 1, 0, 0, 1, 1), model.Floats([], 1)]);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "pad_", "constant 0");
    }

    [Fact]
    public void Linear_interpolation_is_refused_with_what_works()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Resize", [model.Input("x", null, 3, 4, 5), "", model.Floats([4], 1, 1, 2, 2)], ("mode", "linear"));
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(y), "'linear'", "Nearest");
    }

    [Fact]
    public void An_input_that_nothing_computes_is_refused()
    {
        OnnxModelBuilder model = new();
        model.Input("x", null, 3, 4, 5);
        Import.Refuses(HawqIds.OnnxGraph, model.Output(model.Node("Relu", ["nowhere"])), "'nowhere'");
    }

    [Fact]
    public void A_node_that_no_output_needs_may_be_anything()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        model.Node("LSTM", [x]);
        Assert.Single(Import.Of(model.Output(model.Node("Relu", [x]))).Nodes);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(99)]
    public void An_opset_out_of_range_is_refused(int opset)
    {
        OnnxModelBuilder model = new(opset: opset);
        Import.Refuses(HawqIds.OnnxUnsupported, model.Output(model.Node("Relu", [model.Input("x", null, 3)])), $"opset {opset}");
    }

    [Fact]
    public void Constants_that_double_with_every_node_are_refused_before_memory_runs_out()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 4, 5);
        string constant = model.Node("ConstantOfShape", [model.Integers(1 << 20)]);
        for (int i = 0; i < 30; i++)
        {
            constant = model.Node("Concat", [constant, constant], ("axis", 0));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Import.Refuses(HawqIds.OnnxGraph, model.Output(model.Node("Add", [x, constant])), "computed constants");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1L << 29);
    }

    [Fact]
    public void A_constant_of_absurd_shape_is_refused()
    {
        OnnxModelBuilder model = new();
        string constant = model.Node("ConstantOfShape", [model.Integers(1 << 30, 1 << 30, 1 << 30)]);
        Import.Refuses(HawqIds.OnnxGraph, model.Output(model.Node("Add", [model.Input("x", null, 3, 4, 5), constant])), "constantofshape");
    }

    [Theory]
    [InlineData(3, 60_000, 60_000)]
    [InlineData(2_000_000, 1, 1)]
    [InlineData(1, 70_000, 1)]
    [InlineData(1L << 62, 1L << 62, 1L << 62)]
    public void An_input_of_absurd_size_is_refused(long channels, long height, long width)
    {
        OnnxModelBuilder model = new();
        Import.Refuses(HawqIds.OnnxGraph, model.Output(model.Node("Relu", [model.Input("x", null, channels, height, width)])), "'x'");
    }

    [Fact]
    public void Padding_to_an_absurd_size_is_refused()
    {
        OnnxModelBuilder model = new();
        string y = model.Node("Pad", [model.Input("x", null, 3, 4, 5), model.Integers(0, 0, 50_000, 50_000, 0, 0, 9, 9)]);
        Import.Refuses(HawqIds.OnnxGraph, model.Output(y), "pad_", "elements");
    }

    [Fact]
    public void A_missing_file_is_one_message()
    {
        HawqException exception = Assert.Throws<HawqException>(() => OnnxImporter.Load(Path.Combine(Path.GetTempPath(), "no-such-model.onnx")));
        Assert.Equal(HawqIds.FileAccess, exception.Id);
    }

    [Fact]
    public void A_folder_is_one_message() =>
        Assert.Equal(HawqIds.FileAccess, Assert.Throws<HawqException>(() => OnnxImporter.Load(Path.GetTempPath())).Id);

    [Theory]
    [InlineData("")]
    [InlineData("This is a text file, not a model.")]
    [InlineData("{ \"format\": \"hawq/1\" }")]
    [InlineData("\u0089PNG\r\n")]
    public void A_foreign_file_is_one_message(string content)
    {
        HawqException exception = Assert.Throws<HawqException>(() => Import.Of(System.Text.Encoding.Latin1.GetBytes(content)));
        Assert.Equal(HawqIds.OnnxFile, exception.Id);
        Assert.Contains("not an ONNX model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] bytes = OperatorTour.Create().ToBytes();
        for (int length = 0; length < bytes.Length; length += 7)
        {
            Assert.Throws<HawqException>(() => OnnxImporter.Load(bytes[..length], "cut.onnx"));
        }
    }
}
