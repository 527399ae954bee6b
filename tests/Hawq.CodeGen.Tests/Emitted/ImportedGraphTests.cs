using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>The whole way of random small ONNX models: import, quantization, and generated code that equals the reference.</summary>
[Trait("Category", "Tiers")]
public sealed class ImportedGraphTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Random_graphs_quantize_and_their_code_equals_the_reference()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            try
            {
                RandomGraphs.Create(seed).Model.Save(_path);
                FloatGraph graph = OnnxImporter.Load(_path);
                using MemoryData data = MemoryData.Noise(graph.Shapes[graph.Input], 4);
                QuantizedModel model = Quantizer.Quantize(graph, data, new QuantizerOptions { Effort = Effort.Naive }, "random.hawq.bin");
                Equality.Check(model.Network, model.Weights, checkOverflow: true);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }
}
