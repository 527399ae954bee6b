using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Quantization.Tests.Networks;

/// <summary>The networks of MLPerf Tiny on their data at 8 bits: within half a point of the float network.</summary>
public sealed class TinyMlTests(ITestOutputHelper log)
{
    [SharedDataFact]
    public void ResNet_8_on_raw_pixels_keeps_its_accuracy()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"));
        using IDataSet calibration = DataSet.Open(SharedData.PathOf("cifar10", "train_batch_0.bin"), null, graph.Shapes[graph.Input], "none");
        using IDataSet test = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], "none");
        Check("resnet8", graph, calibration, test, 88.1);
    }

    private void Check(string name, FloatGraph graph, IDataSet calibration, IDataSet test, double floatTop1)
    {
        using FloatRunner runner = new(graph);
        QuantizedModel model = Quantizer.Quantize(graph, calibration, new QuantizerOptions(), name + ".hawq.bin");
        EvaluationResult result = NetworkEvaluation.Run(test, model, runner.Logits(test, test.Count));
        log.WriteLine($"{name}: {result}");
        Assert.InRange(result.FloatTop1!.Value, floatTop1 - 0.1, floatTop1 + 0.1);
        Assert.InRange(result.Top1!.Value, result.FloatTop1.Value - 0.5, 100);
    }
}
