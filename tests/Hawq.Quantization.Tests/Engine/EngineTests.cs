using CsCheck;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Quantization.Tests.Engine;

public sealed class EngineTests
{
    [Fact]
    public void Equals_the_reference_interpreter_on_random_networks() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
        Tensor input = network.Tensor(network.Input.Tensor);
        int[][] inputs = [.. TestInputs.ExtremeCodes(input), TestInputs.Codes(input, seed)];
        Batch<int> batch = new(input.Shape, inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i].CopyTo(batch[i]);
        }

        Batch<int> outputs = new NetworkRunner(network, weights).Run(batch);
        Interpreter interpreter = new(network, weights);
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(interpreter.RunCodes(inputs[i])[network.Outputs[0]], outputs[i].ToArray());
        }
    }, iter: 200);

    [Fact]
    public void Sums_beyond_the_exact_range_of_float_are_still_exact()
    {
        // 1,200 products of 32,767 * 127 sum up to 5e9 / 2^32 > 1: alternate signs so that int32 holds the result but no float32 partial sum would.
        const int Inputs = 600;
        LinearGeometry geometry = LinearGeometry.FullyConnected(Inputs, 2);
        Random random = new(1);
        float[] weights = [.. Enumerable.Range(0, 2 * Inputs).Select(_ => (float)random.Next(-127, 128))];
        Batch<int> x = new(geometry.Input, 3), y = new(geometry.Output, 3);
        for (int i = 0; i < x.Data.Length; i++)
        {
            x.Data[i] = random.Next(0, 32768);
        }

        new LinearKernel(geometry, weights, 32767).Run(x, y);
        for (int image = 0; image < 3; image++)
        {
            for (int o = 0; o < 2; o++)
            {
                long expected = Enumerable.Range(0, Inputs).Sum(k => (long)weights[(o * Inputs) + k] * x[image][k]);
                Assert.Equal(expected, y[image][o]);
            }
        }
    }

    [SharedDataTheory]
    [InlineData("resnet20-cifar10", "cifar10")]
    [InlineData("resnet8-mlperf-cifar10", "none")]
    public void Lowered_layers_in_float_are_the_float_network(string name, string preprocess)
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", name + ".onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], preprocess);
        LoweredNetwork lowered = GraphLowering.Lower(graph, new GridOptions(new BitAssignment(new LayerBits(4, 4))));
        Dictionary<string, Batch<float>> values = new() { [lowered.Input] = Quantizer.Inputs(data, 4) };
        foreach (LoweredLayer layer in lowered.Layers)
        {
            values[layer.Output] = FloatEngine.Run(layer, lowered.Tensors[layer.Output], n => values[n]);
        }

        using FloatRunner runner = new(graph);
        float[][] expected = runner.Logits(data, 4);
        Evaluator evaluator = new();
        for (int i = 0; i < 4; i++)
        {
            evaluator.Add(values[lowered.Outputs[0]][i], expected[i], null);
        }

        Assert.InRange(evaluator.Result().SqnrDb!.Value, 90, 130);
    }
}
