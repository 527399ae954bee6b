using System.Runtime.InteropServices;
using Google.Protobuf;
using Hawq.Model;
using Hawq.Onnx.Schema;
using AttributeType = Hawq.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Export;

/// <summary>An ONNX model under construction: nodes, constants, inputs, outputs.</summary>
internal sealed class ModelWriter
{
    private readonly GraphProto _proto = new() { Name = "hawq" };
    private readonly HashSet<string> _weightInputs;
    private readonly HashSet<string> _quantizedInputs;
    private readonly HashSet<string> _noisyInputs;

    public ModelWriter(FloatGraph graph, IEnumerable<string> weightInputs, IEnumerable<string> quantizedInputs, IEnumerable<string> noisyInputs)
    {
        Graph = graph;
        _proto.Input.Add(Info(graph.Input, graph.Shapes[graph.Input]));
        _weightInputs = [.. weightInputs];
        _quantizedInputs = [.. quantizedInputs];
        _noisyInputs = [.. noisyInputs];
        if (_weightInputs.Concat(_quantizedInputs).Concat(_noisyInputs).FirstOrDefault(name => graph.Nodes.All(node => node.Name != name)) is { } unknown)
        {
            throw new HawqException(HawqIds.OnnxGraph, $"The network has no node '{unknown}', whose weights or input were to be given from outside.");
        }
    }

    public FloatGraph Graph { get; }

    public Shape ShapeOf(string value) => Graph.Shapes[value];

    /// <summary>Adds a node that writes <paramref name="output"/>.</summary>
    public void Node(string op, string output, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        NodeProto node = new() { OpType = op, Name = output };
        node.Input.Add(inputs);
        node.Output.Add(output);
        node.Attribute.Add(attributes);
        _proto.Node.Add(node);
    }

    /// <summary>Adds weights or bias of a node, as a constant or as an input of the model.</summary>
    public string Parameter(FloatNode node, string name, float[] values, params long[] dims)
    {
        if (!_weightInputs.Contains(node.Name))
        {
            return Floats(name, values, dims);
        }

        TypeProto.Types.Tensor type = new() { ElemType = (int)DataType.Float, Shape = new() };
        type.Shape.Dim.Add(dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        _proto.Input.Add(new ValueInfoProto { Name = name, Type = new() { TensorType = type } });
        return name;
    }

    /// <summary>What a layer reads: its input, quantized or with something added where that was asked for.</summary>
    public string LayerInput(FloatNode node)
    {
        string input = node.Inputs[0];
        if (_quantizedInputs.Contains(node.Name))
        {
            string step = Scalar(FloatGraphExporter.StepName(node));
            Node("Div", node.Output + "#codes", [input, step]);
            Node("Add", node.Output + "#half", [node.Output + "#codes", Floats(node.Output + "#0.5", [0.5f])]);
            Node("Floor", node.Output + "#floor", [node.Output + "#half"]);
            Node("Clip", node.Output + "#clip", [node.Output + "#floor", Scalar(FloatGraphExporter.LowName(node)), Scalar(FloatGraphExporter.HighName(node))]);
            Node("Mul", node.Output + "#input", [node.Output + "#clip", step]);
            input = node.Output + "#input";
        }

        if (_noisyInputs.Contains(node.Name))
        {
            ValueInfoProto info = Info(node.Inputs[0], ShapeOf(node.Inputs[0]));
            info.Name = FloatGraphExporter.NoiseName(node);
            _proto.Input.Add(info);
            Node("Add", node.Output + "#noisy", [input, info.Name]);
            input = node.Output + "#noisy";
        }

        return input;
    }

    private string Scalar(string name)
    {
        _proto.Input.Add(new ValueInfoProto { Name = name, Type = new() { TensorType = new() { ElemType = (int)DataType.Float, Shape = new() } } });
        return name;
    }

    public string Floats(string name, float[] values, params long[] dims) => Constant(name, DataType.Float, MemoryMarshal.AsBytes(values.AsSpan()), dims);

    public string Integers(string name, params long[] values) =>
        Constant(name, DataType.Int64, MemoryMarshal.AsBytes(values.AsSpan()), [values.Length]);

    public static AttributeProto Ints(string name, params IEnumerable<int> values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeType.Ints };
        attribute.Ints.Add(values.Select(value => (long)value));
        return attribute;
    }

    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    public static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>Adds the outputs and wraps the graph.</summary>
    public ModelProto Finish(IEnumerable<string> extraOutputs)
    {
        HashSet<string> written = [Graph.Input];
        foreach (string output in Graph.Outputs.Concat(extraOutputs))
        {
            if (!Graph.Shapes.TryGetValue(output, out Shape shape))
            {
                throw new HawqException(HawqIds.OnnxGraph, $"The network has no value '{output}', which was to be an output.");
            }

            if (written.Add(output))
            {
                _proto.Output.Add(Info(output, shape));
            }
        }

        ModelProto model = new() { IrVersion = 8, ProducerName = "hawq", Graph = _proto };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = FloatGraphExporter.Opset });
        return model;
    }

    private static ValueInfoProto Info(string name, Shape shape)
    {
        TypeProto.Types.Tensor type = new() { ElemType = (int)DataType.Float, Shape = new() };
        type.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        type.Shape.Dim.Add(
            new[] { shape.Channels, shape.Height, shape.Width }.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        return new ValueInfoProto { Name = name, Type = new() { TensorType = type } };
    }

    private string Constant(string name, DataType type, ReadOnlySpan<byte> bytes, long[] dims)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.Add(dims);
        _proto.Initializer.Add(tensor);
        return name;
    }
}
