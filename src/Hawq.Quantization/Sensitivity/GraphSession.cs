using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Quantization.Sensitivity;

/// <summary>A part of the float network in ONNX Runtime, where one layer's weights, bias and input are given from outside. One thread per run, safe
/// to run from several threads.</summary>
internal sealed class GraphSession : IDisposable
{
    private static readonly RunOptions s_run = new();

    private readonly InferenceSession _session;
    private readonly FloatGraph _graph;
    private readonly string _output;

    /// <summary>Prepares a part of the network.</summary>
    /// <param name="graph">The part.</param>
    /// <param name="output">The value to return: an output of the part, or a value within it.</param>
    /// <param name="layer">The layer to change, or null.</param>
    /// <param name="quantizedInput">Whether the layer's input is quantized.</param>
    /// <param name="noisyInput">Whether something is added to the layer's input.</param>
    public GraphSession(FloatGraph graph, string output, FloatNode? layer = null, bool quantizedInput = false, bool noisyInput = false)
    {
        _graph = graph;
        _output = output;
        string[] changed = layer is null ? [] : [layer.Name];
        _session = OneThreadSession.Open(FloatGraphExporter.ToOnnx(graph, [output], changed, quantizedInput ? changed : null, noisyInput ? changed : null));
    }

    /// <summary>Runs a batch.</summary>
    /// <param name="input">Values of the part's input, image by image, in ONNX order.</param>
    /// <param name="given">Weights, bias, noise, ... by name of the written model (<see cref="FloatGraphExporter"/>).</param>
    public float[] Run(float[] input, params IEnumerable<(string Name, float[] Values)> given)
    {
        Shape shape = _graph.Shapes[_graph.Input];
        long count = input.Length / shape.Length;
        List<string> names = [_graph.Input];
        List<OrtValue> values = [OrtValue.CreateTensorValueFromMemory(input, [count, shape.Channels, shape.Height, shape.Width])];
        foreach ((string name, float[] data) in given)
        {
            int[] dimensions = _session.InputMetadata[name].Dimensions;
            names.Add(name);
            values.Add(OrtValue.CreateTensorValueFromMemory(data, [.. dimensions.Select(d => d < 0 ? count : d)]));
        }

        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(s_run, names, values, [_output]);
            return results[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
