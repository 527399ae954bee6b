using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Hawq.Onnx;
using Hawq.Onnx.Schema;
using AttributeType = Hawq.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Testing.Onnx;

/// <summary>
/// Writes small ONNX models for tests, node by node, as exporters do. Weights come from a generator with a fixed seed, so that a
/// model is the same in every run.
/// </summary>
public sealed class OnnxModelBuilder
{
    private readonly GraphProto _graph = new() { Name = "test" };
    private readonly ModelProto _model = new() { IrVersion = 8, ProducerName = "test" };
    private readonly Random _random;
    private int _next;

    /// <summary>Starts a model.</summary>
    /// <param name="seed">Seed of its weights.</param>
    /// <param name="opset">Opset of the default domain.</param>
    public OnnxModelBuilder(int seed = 1, int opset = 17)
    {
        _random = new Random(seed);
        _model.Graph = _graph;
        _model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
        _model.IrVersion = opset switch
        {
            <= 17 => 8,
            <= 20 => 9,
            <= 22 => 10,
            _ => 11,
        };
    }

    /// <summary>Declares a float input; null is a symbolic dimension.</summary>
    public string Input(string name, params long?[] dims)
    {
        _graph.Input.Add(Info(name, dims));
        return name;
    }

    /// <summary>Declares outputs (shapes are left to inference).</summary>
    public OnnxModelBuilder Output(params string[] names)
    {
        foreach (string name in names)
        {
            _graph.Output.Add(new ValueInfoProto { Name = name, Type = new() { TensorType = new() { ElemType = (int)DataType.Float } } });
        }

        return this;
    }

    /// <summary>A constant of given values.</summary>
    public string Floats(long[] dims, params float[] values) => Constant(null, dims, DataType.Float, MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>A one-dimensional int64 constant.</summary>
    public string Integers(params long[] values) => Constant(null, [values.Length], DataType.Int64, MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>A constant of numbers evenly distributed in [-scale, scale].</summary>
    public string Random(float scale, params long[] dims) => Random(-scale, scale, dims);

    /// <summary>A constant of numbers evenly distributed in [lo, hi].</summary>
    public string Random(float lo, float hi, params long[] dims)
    {
        var values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = lo + ((hi - lo) * _random.NextSingle());
        }

        return Floats(dims, values);
    }

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    /// <param name="op">Operator.</param>
    /// <param name="inputs">Inputs; an empty name is an absent one.</param>
    /// <param name="attributes">Values: long, long[], float, float[], string.</param>
    public string Node(string op, string[] inputs, params (string Name, object Value)[] attributes) => Nodes(op, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs and returns their names.</summary>
    public string[] Nodes(string op, string[] inputs, int outputs, params (string Name, object Value)[] attributes) =>
        NodeOf("", op, inputs, outputs, attributes);

    /// <summary>Adds a node of another domain.</summary>
    public string[] NodeOf(string domain, string op, string[] inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        if (domain.Length > 0 && _model.OpsetImport.All(set => set.Domain != domain))
        {
            _model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        }

        int id = _next++;
        NodeProto node = new() { OpType = op, Name = $"{op.ToLowerInvariant()}_{id}", Domain = domain };
        node.Input.Add(inputs);
        node.Output.Add(Enumerable.Range(0, outputs).Select(i => outputs == 1 ? $"v{id}" : $"v{id}_{i}"));
        node.Attribute.Add(attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)));
        _graph.Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>
    /// Redraws all weights of two dimensions and more from a normal distribution of the same width. Trained weights lie like that: with evenly distributed
    /// ones far more sums of large weights occur than in any real network, and kernels that count on few would look slower than they are.
    /// </summary>
    public OnnxModelBuilder BellShaped()
    {
        foreach (TensorProto tensor in _graph.Initializer.Where(t => t.DataType == (int)DataType.Float && t.Dims.Count > 1))
        {
            byte[] bytes = tensor.RawData.ToByteArray();
            Span<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
            double square = 0;
            foreach (float value in values)
            {
                square += (double)value * value;
            }

            double deviation = Math.Sqrt(square / values.Length);
            for (int i = 0; i < values.Length; i++)
            {
                double radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
                values[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * _random.NextDouble()));
            }

            tensor.RawData = ByteString.CopyFrom(bytes);
        }

        return this;
    }

    /// <summary>The model as bytes.</summary>
    public byte[] ToBytes() => _model.ToByteArray();

    /// <summary>Writes the model to a file.</summary>
    public void Save(string path) => File.WriteAllBytes(path, ToBytes());

    /// <summary>The model as the importer reads it.</summary>
    public FloatGraph Import() => OnnxImporter.Load(ToBytes(), "built.onnx");

    internal ModelProto Model => _model;

    internal string Constant(string? name, long[] dims, DataType type, ReadOnlySpan<byte> bytes)
    {
        name ??= $"c{_next++}";
        TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.Add(dims);
        _graph.Initializer.Add(tensor);
        return name;
    }

    private static ValueInfoProto Info(string name, long?[] dims)
    {
        TypeProto.Types.Tensor type = new() { ElemType = (int)DataType.Float, Shape = new() };
        type.Shape.Dim.Add(
            dims.Select((dim, i) => dim is { } value
                ? new TensorShapeProto.Types.Dimension { DimValue = value }
                : new TensorShapeProto.Types.Dimension { DimParam = $"d{i}" }));
        return new ValueInfoProto { Name = name, Type = new() { TensorType = type } };
    }

    private static AttributeProto Attribute(string name, object value)
    {
        AttributeProto attribute = new() { Name = name };
        switch (value)
        {
            case long or int:
                attribute.Type = AttributeType.Int;
                attribute.I = Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);
                break;
            case float number:
                attribute.Type = AttributeType.Float;
                attribute.F = number;
                break;
            case string text:
                attribute.Type = AttributeType.String;
                attribute.S = ByteString.CopyFrom(text, Encoding.UTF8);
                break;
            case long[] numbers:
                attribute.Type = AttributeType.Ints;
                attribute.Ints.Add(numbers);
                break;
            case float[] numbers:
                attribute.Type = AttributeType.Floats;
                attribute.Floats.Add(numbers);
                break;
            default:
                throw new ArgumentException($"No attribute is made of {value.GetType()}.", nameof(value));
        }

        return attribute;
    }
}
