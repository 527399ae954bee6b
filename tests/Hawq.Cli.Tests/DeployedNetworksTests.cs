using Hawq.Compilation;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Reference;
using Hawq.Testing.Onnx;
using Hawq.Testing.Onnx.Networks;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Cli.Tests;

/// <summary>The networks that people deploy, with random weights: from the ONNX file to generated code that equals the reference, tensor by tensor.</summary>
public sealed class DeployedNetworksTests(ITestOutputHelper log)
{
    public static TheoryData<string> Names => [.. NetworkZoo.All(8).Select(network => network.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Quantizes_to_8_bits_and_generated_code_equals_the_reference(string name)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf(name + ".onnx");
        NetworkZoo.All(8).Single(network => network.Name == name).Build().Save(path);
        FloatGraph graph = OnnxImporter.Load(path);
        using MemoryData data = MemoryData.Noise(graph.Shapes[graph.Input], 4);
        QuantizedModel model = Quantizer.Quantize(graph, data, new QuantizerOptions { Effort = Effort.Fast }, name + ".hawq.bin");
        Assert.Empty(NetworkValidator.Check(model.Network));
        AssertGeneratedEqualsReference(model, data);
        AssertOnnxRuntimeAgrees(model, data);
        AssertExportComesBack(model, data, folder.PathOf("back.onnx"));

        // Random weights are harder to quantize than trained ones, but a wrong lowering (a kernel turned, channels mixed up) leaves no signal at all.
        using FloatRunner runner = new(graph);
        EvaluationResult result = NetworkEvaluation.Run(data, model, runner.Logits(data, data.Count));
        log.WriteLine($"{name}: {result.SqnrDb:F1} dB");
        Assert.InRange(result.SqnrDb!.Value, 8, 100);
    }

    private static void AssertGeneratedEqualsReference(QuantizedModel model, IDataSet data)
    {
        using CompiledNetwork compiled = CompiledNetwork.Compile(model.Network, model.Weights, new CompilationOptions(Trace: true));
        int[] input = NetworkEvaluation.Codes(data, model.Network, 0, 1).Data;
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(model.Network, model.Weights).RunCodes(input);
        int[][] outputs = compiled.Trace(input, (tensor, actual) => Assert.Equal(expected[tensor], actual));
        Assert.Equal(model.Network.Outputs.Select(output => expected[output]), outputs);
    }

    /// <summary>
    /// An implementation that shares no code with this project: ONNX Runtime on the exact export. Noise through random weights enlarges a rounding tie of an early
    /// layer, so outputs are compared as signals; a wrong layer leaves nothing in common. The twin must consist of integer kernels, or benchmarks would flatter us.
    /// </summary>
    private void AssertOnnxRuntimeAgrees(QuantizedModel model, IDataSet data)
    {
        Network network = model.Network;
        int[] input = NetworkEvaluation.Codes(data, network, 0, 1).Data;
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(network, model.Weights).RunCodes(input);
        Shape shape = network.Tensor(network.Input.Tensor).Shape;
        IReadOnlyList<float[]> outputs = OnnxRunner.Run(
            QdqExporter.Export(network, model.Weights, new ExportOptions()), Order.RealChannelsFirst(network.Tensor(network.Input.Tensor), input), 1, shape.Channels, shape.Height,
            shape.Width);
        for (int o = 0; o < outputs.Count; o++)
        {
            Tensor output = network.Tensor(network.Outputs[o]);
            float[] ours = Order.RealChannelsFirst(output, expected[output.Name]);
            double mean = ours.Average(), signal = ours.Sum(y => (y - mean) * (y - mean)), noise = ours.Zip(outputs[o]).Sum(pair => Math.Pow(pair.First - pair.Second, 2));
            double decibels = 10 * Math.Log10(signal / Math.Max(noise, 1e-9 * signal));
            log.WriteLine($"{output.Name}: {decibels:F1} dB beside ONNX Runtime");
            Assert.InRange(decibels, 20, 100);
        }

        IReadOnlyList<string> twin = OnnxRunner.OptimizedOperators(QdqExporter.Export(network, model.Weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)));
        Assert.DoesNotContain("Conv", twin);
        Assert.DoesNotContain("Gemm", twin);
    }

    /// <summary>What hawq export writes, hawq quantize reads again: the same codes.</summary>
    private static void AssertExportComesBack(QuantizedModel model, IDataSet data, string path)
    {
        File.WriteAllBytes(path, QdqExporter.Export(model.Network, model.Weights, new ExportOptions()));
        QuantizedModel back = Quantizer.Import(OnnxImporter.Load(path), "back.hawq.bin");
        Interpreter before = new(model.Network, model.Weights), after = new(back.Network, back.Weights);
        IReadOnlyDictionary<string, int[]> expected = before.RunCodes(NetworkEvaluation.Codes(data, model.Network, 0, 1).Data);
        IReadOnlyDictionary<string, int[]> actual = after.RunCodes(NetworkEvaluation.Codes(data, back.Network, 0, 1).Data);
        Assert.Equal(model.Network.Outputs.Select(output => Steps(model.Network, expected, output)), back.Network.Outputs.Select(output => Steps(back.Network, actual, output)));
    }

    private static IEnumerable<int> Steps(Network network, IReadOnlyDictionary<string, int[]> codes, string tensor) =>
        codes[tensor].Select(code => code - network.Tensor(tensor).ZeroPoint);
}
