using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Testing;
using Hawq.Training.Gradients;
using Xunit;

namespace Hawq.Training.Tests.Gradients;

/// <summary>Whole networks: values against ONNX Runtime on the network itself, gradients along the steepest direction against differences of the loss.</summary>
public sealed class NetworkTests
{
    private const int BatchSize = 4;

    [SharedDataTheory]
    [InlineData("resnet20-cifar10", "cifar10")]
    [InlineData("resnet8-mlperf-cifar10", "none")]
    public void Values_are_the_float_networks(string model, string preprocess)
    {
        FloatGraph graph = OnnxImporter.LoadUnfolded(SharedData.PathOf("models", model + ".onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], preprocess);
        using FloatRunner runner = new(graph);
        float[][] wanted = runner.Logits(data, BatchSize);
        Tape tape = new();
        TapeValue logits = FloatGraphTape.Write(tape, graph, tape.Input("x", Dims(graph)))[graph.Outputs[0]];
        using TapeSession session = new(tape, logits);
        float[] values = session.Run(_ => Inputs(data))[0];
        Assert.All(wanted.SelectMany(row => row).Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * (1 + Math.Abs(pair.First))));
    }

    [SharedDataFact]
    public void Gradients_of_resnet20_are_those_of_its_loss()
    {
        FloatGraph graph = OnnxImporter.LoadUnfolded(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], "cifar10");
        Tape tape = new();
        Dictionary<string, float[]> values = new() { ["x"] = Inputs(data) };
        List<TapeValue> parameters = [tape.Input("x", Dims(graph))];
        TapeValue Parameter(FloatNode node, string part, float[] numbers, int[] dims)
        {
            TapeValue input = tape.Input($"{node.Name}.{part}", dims);
            parameters.Add(input);
            values.Add(input.Name, numbers);
            return input;
        }

        IReadOnlyDictionary<string, TapeValue> written = FloatGraphTape.Write(tape, graph, parameters[0], Parameter);
        float[] labels = new float[BatchSize * 10];
        for (int i = 0; i < BatchSize; i++)
        {
            labels[(i * 10) + ((data.Labels[i] + 1) % 10)] = 1; // wrong ones: the loss and its slope are large
        }

        TapeValue loss = tape.CrossEntropy(tape.Flatten(written[graph.Outputs[0]]), tape.Constant(labels, BatchSize, 10));
        IReadOnlyList<TapeValue> gradients = tape.Gradients(loss, parameters);
        using TapeSession session = new(tape, [loss, .. gradients]);
        float[][] results = session.Run(values);
        Assert.Equal(1 + (19 * 4) + 2, parameters.Count);
        for (int p = 0; p < parameters.Count; p++)
        {
            string name = parameters[p].Name;
            float[] at = values[name], gradient = results[p + 1];
            double length = Math.Sqrt(gradient.Sum(g => (double)g * g));
            Assert.True(length > 1e-6, name);

            // A step that changes the loss by about 0.003: far above its rounding, and few ReLUs switch.
            double step = .003 / length;
            double Loss(double t)
            {
                values[name] = [.. at.Select((v, i) => (float)(v + (t * gradient[i] / length)))];
                return session.Run(values)[0][0];
            }

            double slope = (Loss(step) - Loss(-step)) / (2 * step);
            values[name] = at;
            Assert.True(Math.Abs(slope - length) < .02 * length, $"{name}: gradient {length}, slope {slope}");
        }
    }

    [SharedDataTheory]
    [InlineData("resnet20-cifar10", 19)]
    [InlineData("resnet8-mlperf-cifar10", 0)]
    public void Folding_afterwards_is_importing_folded(string model, int normalizations)
    {
        string path = SharedData.PathOf("models", model + ".onnx");
        FloatGraph unfolded = OnnxImporter.LoadUnfolded(path), folded = BatchNormalization.Fold(unfolded), imported = OnnxImporter.Load(path);
        Assert.Equal(normalizations, unfolded.Nodes.Count(node => node is BatchNormalizationNode));
        Assert.Equal(FloatGraphExporter.ToOnnx(imported), FloatGraphExporter.ToOnnx(folded));
    }

    private static int[] Dims(FloatGraph graph)
    {
        Shape shape = graph.Shapes[graph.Input];
        return [BatchSize, shape.Channels, shape.Height, shape.Width];
    }

    private static float[] Inputs(IDataSet data)
    {
        Shape shape = data.Shape;
        float[] values = new float[shape.Length], result = new float[BatchSize * shape.Length];
        for (int i = 0; i < BatchSize; i++)
        {
            data.ReadValues(i, values);
            for (int k = 0; k < values.Length; k++)
            {
                result[(i * shape.Length) + (k % shape.Channels * shape.Height * shape.Width) + (k / shape.Channels)] = values[k];
            }
        }

        return result;
    }
}
