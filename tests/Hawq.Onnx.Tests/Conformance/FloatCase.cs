using Hawq.Model;
using Hawq.Quantization;
using Hawq.Quantization.Evaluation;
using Hawq.Reference;
using Hawq.Testing.Onnx;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>
/// A node test on floating-point data: the imported graph in ONNX Runtime gives the case's outputs, and so does, up to the steps of 8 bits, the quantized graph in the
/// integer reference.
/// </summary>
internal static class FloatCase
{
    /// <summary>What one operator on 8-bit operands may lose, in 255ths of the range of its outputs.</summary>
    private const double MaxSteps = 4;

    public static CaseResult Run(OnnxCase one, OneInput model)
    {
        FloatGraph graph;
        try
        {
            graph = OnnxImporter.Load(model.Model, one.Name + ".onnx");
        }
        catch (HawqException exception)
        {
            return new CaseResult(CaseStatus.Refused, exception.Message);
        }

        if (graph.Notes.Count > 0)
        {
            return new CaseResult(CaseStatus.Dropped, graph.Notes[0]);
        }

        if (graph.Nodes.Count == 0)
        {
            return FoldedCase.Run(one) ?? new CaseResult(CaseStatus.Passed); // Layout only.
        }

        int rows = (int)model.Dims[0];
        float[][] expected = [.. one.Outputs.Select(output => OnnxCase.Floats(output)?.Values ?? [])];
        Shape shape = graph.Shapes[graph.Input];
        IReadOnlyList<float[]> results = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), model.Input, rows, shape.Channels, shape.Height, shape.Width);
        for (int i = 0; i < results.Count; i++)
        {
            if (expected[i].Length != results[i].Length || expected[i].Zip(results[i]).Any(pair => !IsNear(pair.First, pair.Second)))
            {
                return new CaseResult(CaseStatus.Failed, $"output {i} differs in float");
            }
        }

        return Quantized(graph, model, rows, expected);
    }

    private static CaseResult Quantized(FloatGraph graph, OneInput model, int rows, IReadOnlyList<float[]> expected)
    {
        Shape shape = graph.Shapes[graph.Input];
        using MemoryData data = new("case", shape, [.. model.Input.Chunk(shape.Length).Select(row => Order.ChannelsLast(row, shape))]);
        QuantizedModel quantized;
        try
        {
            quantized = Quantizer.Quantize(graph, data, new QuantizerOptions { Effort = Effort.Naive }, "case.hawq.bin");
        }
        catch (HawqException exception)
        {
            return new CaseResult(CaseStatus.Refused, "by the quantizer: " + exception.Message);
        }

        Interpreter reference = new(quantized.Network, quantized.Weights);
        IReadOnlyDictionary<string, int[]>[] codes = [.. Enumerable.Range(0, rows).Select(row => reference.RunCodes(NetworkEvaluation.Codes(data, quantized.Network, row, 1).Data))];
        double Worst(IReadOnlyList<float[]> low, IReadOnlyList<float[]> high) => Enumerable.Range(0, expected.Count).Max(i =>
        {
            Tensor output = quantized.Network.Tensor(quantized.Network.Outputs[i]);
            float[] actual = [.. codes.SelectMany(row => Order.ChannelsFirst(row[output.Name], output.Shape).Select(code => output.Scale * (code - output.ZeroPoint)))];
            double step = Math.Max((Math.Max(expected[i].Max(), 0) - Math.Min(expected[i].Min(), 0)) / 255, 1e-6);
            return actual.Select((y, k) => Math.Max(Math.Min(low[i][k], high[i][k]) - (double)y, y - (double)Math.Max(low[i][k], high[i][k]))).Max() / step;
        });

        double worst = Math.Max(Worst(expected, expected), 0);
        if (worst > MaxSteps && graph.Nodes is [UnaryNode])
        {
            // Where a function jumps (Floor) or is steep (Log), the input's own rounding decides: half a step to either side.
            float reach = quantized.Network.Tensor(quantized.Network.Input.Tensor).Scale / 2;
            worst = Math.Max(Worst(Shifted(graph, model, rows, -reach), Shifted(graph, model, rows, reach)), 0);
        }

        return new CaseResult(worst <= MaxSteps ? CaseStatus.Passed : CaseStatus.Failed, $"{worst:F1} steps of 8 bits away in integers")
        {
            Steps = worst, Codes = expected.Sum(values => values.Length),
        };
    }

    private static IReadOnlyList<float[]> Shifted(FloatGraph graph, OneInput model, int rows, float by)
    {
        Shape shape = graph.Shapes[graph.Input];
        return OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), Array.ConvertAll(model.Input, x => x + by), rows, shape.Channels, shape.Height, shape.Width);
    }

    private static bool IsNear(float expected, float actual) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= 1e-3f * Math.Max(1, Math.Abs(expected));
}
