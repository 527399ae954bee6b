using Hawq.Model;
using Hawq.Onnx.Schema;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Export;

/// <summary>A <see cref="FloatGraph"/> on its way to ONNX: the writer, the shapes, and which weights become inputs.</summary>
internal sealed class ModelWriter
{
    /// <summary>Symbolic batch.</summary>
    private const long Batch = -1;

    private readonly OnnxWriter _writer = new("hawq");
    private readonly FloatGraph _graph;
    private readonly HashSet<string> _weightInputs;
    private readonly HashSet<string> _quantizedInputs;
    private readonly HashSet<string> _noisyInputs;

    public ModelWriter(FloatGraph graph, IEnumerable<string> weightInputs, IEnumerable<string> quantizedInputs, IEnumerable<string> noisyInputs)
    {
        _graph = graph;
        _writer.Input(graph.Input, DataType.Float, Dims(graph.Shapes[graph.Input]));
        _weightInputs = [.. weightInputs];
        _quantizedInputs = [.. quantizedInputs];
        _noisyInputs = [.. noisyInputs];
        if (_weightInputs.Concat(_quantizedInputs).Concat(_noisyInputs).FirstOrDefault(name => graph.Nodes.All(node => node.Name != name)) is { } unknown)
        {
            throw new HawqException(HawqIds.OnnxGraph, $"The network has no node '{unknown}', whose weights or input were to be given from outside.");
        }
    }

    public Shape ShapeOf(string value) => _graph.Shapes[value];

    /// <summary>Adds a node that writes <paramref name="output"/>; returns that name.</summary>
    public string Node(string op, string output, IEnumerable<string> inputs, params AttributeProto[] attributes) =>
        _writer.Node(op, output, inputs, attributes);

    public string Floats(string name, float[] values, params long[] dims) => _writer.Floats(name, values, dims);

    public string Integers(string name, params long[] values) => _writer.Longs(name, values);

    /// <summary>Adds weights or bias of a node, as a constant or as an input of the model.</summary>
    public string Parameter(FloatNode node, string name, float[] values, params long[] dims)
    {
        if (!_weightInputs.Contains(node.Name))
        {
            return Floats(name, values, dims);
        }

        _writer.Input(name, DataType.Float, dims);
        return name;
    }

    /// <summary>What a layer reads: its input, quantized or with something added where that was asked for.</summary>
    public string LayerInput(FloatNode node)
    {
        string input = node.Inputs[0];
        if (_quantizedInputs.Contains(node.Name))
        {
            string step = Scalar(FloatGraphExporter.StepName(node));
            string steps = Node("Div", node.Output + "#codes", [input, step]);
            string half = Node("Add", node.Output + "#half", [steps, Floats(node.Output + "#0.5", [0.5f])]);
            string floor = Node("Floor", node.Output + "#floor", [half]);
            string clip = Node("Clip", node.Output + "#clip", [floor, Scalar(FloatGraphExporter.LowName(node)), Scalar(FloatGraphExporter.HighName(node))]);
            input = Node("Mul", node.Output + "#input", [clip, step]);
        }

        if (_noisyInputs.Contains(node.Name))
        {
            string noise = FloatGraphExporter.NoiseName(node);
            _writer.Input(noise, DataType.Float, Dims(ShapeOf(node.Inputs[0])));
            input = Node("Add", node.Output + "#noisy", [input, noise]);
        }

        return input;
    }

    /// <summary>Adds the outputs and serializes.</summary>
    public byte[] Finish(IEnumerable<string> extraOutputs)
    {
        HashSet<string> written = [_graph.Input];
        foreach (string output in _graph.Outputs.Concat(extraOutputs))
        {
            if (!_graph.Shapes.TryGetValue(output, out Shape shape))
            {
                throw new HawqException(HawqIds.OnnxGraph, $"The network has no value '{output}', which was to be an output.");
            }

            if (written.Add(output))
            {
                _writer.Output(output, DataType.Float, Dims(shape));
            }
        }

        return _writer.ToBytes(FloatGraphExporter.Opset, "hawq");
    }

    private string Scalar(string name)
    {
        _writer.Input(name, DataType.Float);
        return name;
    }

    private static long[] Dims(Shape shape) => [Batch, shape.Channels, shape.Height, shape.Width];
}
