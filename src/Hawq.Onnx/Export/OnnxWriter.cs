using System.Buffers.Binary;
using Google.Protobuf;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Export;

/// <summary>Builds an ONNX graph: nodes, initializers, inputs and outputs, in the order they are added.</summary>
internal sealed class OnnxWriter(string name)
{
    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _initializers = [];

    /// <summary>Adds a node with one output and returns the output's name.</summary>
    public string Node(string op, string output, IEnumerable<string> inputs, params AttributeProto[] attributes)
    {
        Node(op, [output], inputs, attributes);
        return output;
    }

    /// <summary>Adds a node with several outputs.</summary>
    public void Node(string op, IEnumerable<string> outputs, IEnumerable<string> inputs, params AttributeProto[] attributes)
    {
        NodeProto node = new() { OpType = op };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Name = $"{node.Output[0]}/{op}";
        node.Attribute.AddRange(attributes);
        _graph.Node.Add(node);
    }

    /// <summary>Adds a constant of single precision.</summary>
    public string Floats(string name, IReadOnlyList<float> values, params long[] dims) =>
        Raw(name, TensorProto.Types.DataType.Float, dims, values.Count, sizeof(float), (bytes, i) => BinaryPrimitives.WriteSingleLittleEndian(bytes, values[i]));

    /// <summary>Adds a constant of 64-bit integers (shapes, pads).</summary>
    public string Longs(string name, params long[] values) =>
        Raw(name, TensorProto.Types.DataType.Int64, [values.Length], values.Length, sizeof(long), (bytes, i) => BinaryPrimitives.WriteInt64LittleEndian(bytes, values[i]));

    /// <summary>Adds a constant of integer codes of the given element type (4-bit types are packed low nibble first).</summary>
    public string Codes(string name, TensorProto.Types.DataType type, IReadOnlyList<int> values, params long[] dims)
    {
        if (type == TensorProto.Types.DataType.Int4)
        {
            return Raw(name, type, dims, (values.Count + 1) / 2, 1, (bytes, i) =>
            {
                int high = (2 * i) + 1 < values.Count ? values[(2 * i) + 1] : 0;
                bytes[0] = (byte)((values[2 * i] & 15) | (high << 4));
            });
        }

        return Raw(name, type, dims, values.Count, SizeOf(type), (bytes, i) =>
        {
            switch (bytes.Length)
            {
                case 1: bytes[0] = (byte)values[i]; break;
                case 2: BinaryPrimitives.WriteInt16LittleEndian(bytes, (short)values[i]); break;
                default: BinaryPrimitives.WriteInt32LittleEndian(bytes, values[i]); break;
            }
        });
    }

    /// <summary>Declares a graph input; a negative dimension is symbolic.</summary>
    public void Input(string name, TensorProto.Types.DataType type, params long[] dims) => _graph.Input.Add(Value(name, type, dims));

    /// <summary>Declares a graph output; a negative dimension is symbolic.</summary>
    public void Output(string name, TensorProto.Types.DataType type, params long[] dims) => _graph.Output.Add(Value(name, type, dims));

    /// <summary>The model, serialized. Deterministic: the same graph gives the same bytes.</summary>
    /// <param name="opset">Opset of the default domain.</param>
    /// <param name="producer">Tool that wrote it.</param>
    public byte[] ToBytes(int opset, string producer)
    {
        ModelProto model = new() { IrVersion = opset >= 21 ? 10 : 8, ProducerName = producer, Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        return model.ToByteArray();
    }

    /// <summary>An integer attribute.</summary>
    public static AttributeProto Attribute(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    /// <summary>A floating-point attribute.</summary>
    public static AttributeProto Attribute(string name, float value) => new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    /// <summary>A text attribute.</summary>
    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    /// <summary>An attribute of several integers.</summary>
    public static AttributeProto Attribute(string name, params long[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    private delegate void WriteElement(Span<byte> bytes, int index);

    private string Raw(string name, TensorProto.Types.DataType type, long[] dims, int count, int size, WriteElement write)
    {
        if (_initializers.Add(name))
        {
            byte[] bytes = new byte[checked(count * size)];
            for (int i = 0; i < count; i++)
            {
                write(bytes.AsSpan(i * size, size), i);
            }

            TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
            tensor.Dims.AddRange(dims);
            _graph.Initializer.Add(tensor);
        }

        return name;
    }

    private static int SizeOf(TensorProto.Types.DataType type) => type switch
    {
        TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Uint8 => 1,
        TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Uint16 => 2,
        _ => 4,
    };

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, long[] dims)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(dims.Select(d => d < 0 ? new TensorShapeProto.Types.Dimension { DimParam = "N" } : new() { DimValue = d }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } } };
    }
}
