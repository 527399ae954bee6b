using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Testing;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class ExportTests
{
    /// <summary>The exported network in ONNX Runtime is an implementation of the same network that shares no code with this project.</summary>
    [SharedDataFact]
    public void The_exported_network_agrees_with_ours_but_for_rounding_ties()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], "cifar10");
        QuantizedModel model = Quantizer.Quantize(graph, data, new QuantizerOptions { CalibrationCount = 64 }, "x.bin");
        const int Images = 64;
        float[][] ours = NetworkEvaluation.Logits(data, model, Images);

        using InferenceSession session = new(QdqExporter.Export(model.Network, model.Weights, new ExportOptions()));
        float step = model.Network.Tensor(model.Network.Outputs[0]).Scale;
        float[] values = new float[data.Shape.Length];
        int identical = 0;
        for (int i = 0; i < Images; i++)
        {
            data.ReadValues(i, values);
            float[] theirs = Run(session, model.Network, data.Shape, values);
            Assert.Equal(Evaluator.LargestIndex(ours[i]), Evaluator.LargestIndex(theirs));
            identical += theirs.Zip(ours[i]).All(pair => Math.Abs(pair.First - pair.Second) < 0.01f * step) ? 1 : 0;
        }

        // One tie among the 200,000 roundings of an image (ours goes up, ONNX to even), or a float sum that crosses one, moves its ten logits.
        Assert.True(identical >= 0.7 * Images, $"{identical} of {Images} images have the same logits to the last bit");
    }

    private static float[] Run(InferenceSession session, Network network, Shape shape, float[] values)
    {
        float[] channelsFirst = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            channelsFirst[(i % shape.Channels * shape.Height * shape.Width) + (i / shape.Channels)] = values[i];
        }

        using OrtValue input = OrtValue.CreateTensorValueFromMemory(channelsFirst, [1, shape.Channels, shape.Height, shape.Width]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [network.Input.Tensor], [input], [network.Outputs[0]]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
