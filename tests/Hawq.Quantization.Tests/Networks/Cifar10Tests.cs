using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Quantization.Tests.Networks;

/// <summary>The measured promises on the CIFAR-10 networks: first 1,000 test images, 256 unlabelled calibration images.</summary>
public sealed class Cifar10Tests(ITestOutputHelper log)
{
    [SharedDataTheory]
    [InlineData("resnet20-cifar10", 91.5)]
    [InlineData("resnet56-cifar10", 92.6)]
    public void Int8_keeps_the_accuracy_of_the_float_network(string name, double floatTop1)
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", name + ".onnx"));
        using IDataSet calibration = Cifar(graph, "train_batch_0.bin");
        using IDataSet test = Cifar(graph, "test_batch_1000.bin");
        using FloatRunner runner = new(graph);
        QuantizedModel model = Quantizer.Quantize(graph, calibration, new QuantizerOptions(), name + ".hawq.bin");
        EvaluationResult result = NetworkEvaluation.Run(test, model, runner.Logits(test, test.Count));
        log.WriteLine(result.ToString());
        Assert.Equal(floatTop1, result.FloatTop1!.Value, 2);
        Assert.InRange(result.Top1!.Value, floatTop1 - 0.6, 100);
        Assert.InRange(result.Agreement!.Value, 98.5, 100);
        Assert.InRange(result.SqnrDb!.Value, 27, 100);
    }

    private static IDataSet Cifar(FloatGraph graph, string file) =>
        DataSet.Open(SharedData.PathOf("cifar10", file), null, graph.Shapes[graph.Input], "cifar10");
}
