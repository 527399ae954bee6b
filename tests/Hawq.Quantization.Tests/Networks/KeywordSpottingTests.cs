using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Quantization.Tests.Networks;

/// <summary>Keyword spotting, depthwise-separable, inputs that are no images: calibrated on the first 200 of 1,000.</summary>
public sealed class KeywordSpottingTests(ITestOutputHelper log)
{
    [SharedDataTheory]
    [InlineData("8/8", 89.6, 22)]
    [InlineData("4/8", 88.5, 20)]
    public void Accuracy_stays_above_its_floor(string bits, double top1, double sqnr)
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "kws-dscnn.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("kws", "test_x.npy"), SharedData.PathOf("kws", "test_y.npy"), graph.Shapes[graph.Input], null);
        QuantizerOptions options = new() { Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits))), CalibrationCount = 200 };
        using FloatRunner runner = new(graph);
        EvaluationResult result = NetworkEvaluation.Run(data, Quantizer.Quantize(graph, data, options, "kws.hawq.bin"), runner.Logits(data, data.Count));
        log.WriteLine($"{bits}: {result}");
        Assert.Equal(90.1, result.FloatTop1!.Value, 2);
        Assert.InRange(result.Top1!.Value, top1, 100);
        Assert.InRange(result.SqnrDb!.Value, sqnr, 100);
    }
}
