using Hawq.Model;
using Hawq.Onnx.Export;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class QdqExporterTests
{
    [Fact]
    public void The_same_network_gives_the_same_bytes()
    {
        (Network network, NetworkWeights weights) = Small();
        Assert.Equal(QdqExporter.Export(network, weights, new ExportOptions()), QdqExporter.Export(network, weights, new ExportOptions()));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void Onnx_runtime_loads_residual_blocks_on_wide_grids(int weightBits)
    {
        NetworkBuilder builder = new NetworkBuilder("residual", 2).Input(8, 8, 3);
        string conv = builder.Conv(builder.InputName, 8, 3, activation: Activation.Residual);
        (string residual, string input) = builder.BasicBlock(conv, builder.Requantize(conv, Activation.U7), 8, weightBits: weightBits);
        (residual, _) = builder.BasicBlock(residual, input, 16, stride: 2, weightBits: weightBits);
        (Network network, NetworkWeights weights) = builder.Build(builder.Gemm(builder.GlobalAveragePool(residual), 5));
        Assert.NotEmpty(OnnxRunner.OptimizedOperators(QdqExporter.Export(network, weights, new ExportOptions())));
        IReadOnlyList<string> twin = OnnxRunner.OptimizedOperators(QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)));
        Assert.Contains("QLinearAdd", twin);
        Assert.DoesNotContain("Conv", twin);
    }

    [Fact]
    public void Onnx_runtime_fuses_the_twin_into_integer_kernels()
    {
        (Network network, NetworkWeights weights) = Small();
        IReadOnlyList<string> operators = OnnxRunner.OptimizedOperators(QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)));
        Assert.Contains("QLinearConv", operators);
        Assert.Contains("QGemm", operators);
        Assert.DoesNotContain("Conv", operators);
        Assert.DoesNotContain("Gemm", operators);
    }

    [Theory]
    [InlineData(8, ExportGrid.Exact)]
    [InlineData(4, ExportGrid.Exact)]
    [InlineData(8, ExportGrid.Int8Twin)]
    public void What_is_exported_imports_again_and_computes_the_same(int weightBits, ExportGrid grid)
    {
        NetworkBuilder builder = new NetworkBuilder("residual", 2).Input(8, 8, 3);
        string conv = builder.Conv(builder.InputName, 8, 3, activation: Activation.Residual);
        (string residual, string input) = builder.BasicBlock(conv, builder.Requantize(conv, Activation.U7), 8, weightBits: weightBits);
        (residual, _) = builder.BasicBlock(residual, input, 16, stride: 2, weightBits: weightBits);
        (Network network, NetworkWeights weights) = builder.Build(builder.Gemm(builder.GlobalAveragePool(residual), 5));
        byte[] bytes = QdqExporter.Export(network, weights, new ExportOptions(grid));

        FloatGraph graph = Import.Of(bytes);
        Assert.All(graph.Nodes.OfType<ConvNode>(), node => Assert.NotNull(node.WeightSteps));
        float[] input32 = OnnxRunner.Noise(8 * 8 * 3);
        float[] expected = OnnxRunner.Run(bytes, input32, 1, 3, 8, 8)[0];
        float[] actual = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), input32, 1, 3, 8, 8)[0];
        float step = graph.Nodes.OfType<QuantizeNode>().Last().Scale;
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 3 * step));
        Assert.True(expected.Distinct().Count() > 2);
    }

    private static (Network, NetworkWeights) Small()
    {
        NetworkBuilder builder = new NetworkBuilder("small", 1).Input(9, 9, 3);
        string conv = builder.Conv(builder.InputName, 8, 3);
        string second = builder.Conv(conv, 8, 3, stride: 2);
        return builder.Build(builder.Gemm(builder.GlobalAveragePool(second), 5));
    }
}
