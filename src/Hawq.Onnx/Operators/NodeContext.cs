using System.Text;
using Hawq.Model;
using Hawq.Onnx.Import;
using Hawq.Onnx.Schema;
using AttributeType = Hawq.Onnx.Schema.AttributeProto.Types.AttributeType;

namespace Hawq.Onnx.Operators;

/// <summary>One ONNX node while it is imported: typed access to its inputs and attributes, its outputs, and the messages that name it.</summary>
internal sealed class NodeContext
{
    private readonly NodeProto _proto;
    private readonly Dictionary<string, AttributeProto> _attributes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private string? _name;

    public NodeContext(NodeProto proto, GraphBuilder graph)
    {
        _proto = proto;
        Graph = graph;
        foreach (AttributeProto attribute in proto.Attribute)
        {
            if (!_attributes.TryAdd(attribute.Name, attribute))
            {
                throw Invalid($"attribute '{attribute.Name}' is given twice");
            }
        }
    }

    public GraphBuilder Graph { get; }

    public string Op => _proto.OpType;

    /// <summary>Name for the emitted node, unique in the graph.</summary>
    public string Name => _name ??= Graph.UniqueName(_proto);

    /// <summary>Name of the first output, which the emitted node writes.</summary>
    public string Output => OutputName(0);

    public int InputCount => _proto.Input.Count;

    public int OutputCount => _proto.Output.Count;

    public int Opset => Graph.Opset;

    public bool HasInput(int index) => index < _proto.Input.Count && _proto.Input[index].Length > 0;

    /// <summary>ONNX name of an input, for counting its readers.</summary>
    public string InputName(int index) => HasInput(index) ? _proto.Input[index] : throw Invalid($"input {index} is missing");

    public string OutputName(int index) =>
        index < _proto.Output.Count && _proto.Output[index].Length > 0 ? _proto.Output[index] : throw Invalid($"output {index} is missing");

    public string OutputNameOrEmpty(int index) => index < _proto.Output.Count ? _proto.Output[index] : "";

    public Value Input(int index)
    {
        string name = InputName(index);
        return Graph.Find(name) ?? throw Invalid($"input '{name}' is not computed by any earlier node");
    }

    /// <summary>An input that depends on the network's input.</summary>
    public Activation Activation(int index)
    {
        Activation activation = RealOrCodes(index);
        return activation.Codes is null
            ? activation
            : throw Unsupported(
                $"input '{InputName(index)}' holds quantized codes", "Only layout operators, MaxPool and DequantizeLinear work on codes; dequantize before this node.");
    }

    /// <summary>An input that is a constant or depends on the network's input, but is no quantized code.</summary>
    public Value Operand(int index) => Input(index) is Activation ? Activation(index) : Input(index);

    /// <summary>The same, real numbers or quantized codes.</summary>
    public Activation RealOrCodes(int index) =>
        Input(index) as Activation ?? throw Unsupported($"input '{InputName(index)}' is a constant", "Only operators on the network's data are supported here; fold the constants (for example with onnxsim).");

    /// <summary>An input that depends on the network's input, as [1, C, H, W]; shuffled channels are put in order by a node of their own.</summary>
    public Activation Image(int index) => Image(index, Activation(index));

    /// <summary>An input of a window operator: [1, C, H, W], or [1, C, W] with one row.</summary>
    public ImageView Spatial(int index, bool allowsCodes = false)
    {
        Activation input = allowsCodes ? RealOrCodes(index) : Activation(index);
        return Operators.ImageView.OfLine(input) ?? new ImageView(Image(index, input), Operators.ImageView.ChannelsFirst);
    }

    /// <summary>The same for an input that may also be seen as [1, H, W, C] or without rows.</summary>
    public ImageView ImageView(int index) =>
        Operators.ImageView.Of(Activation(index)) ?? new ImageView(Image(index), Operators.ImageView.ChannelsFirst);

    /// <summary>Whether every given input is a constant: the node can be folded.</summary>
    public bool IsConstant => Enumerable.Range(0, InputCount).Where(HasInput).All(i => Input(i) is Constant);

    /// <summary>An input that must be known at import time.</summary>
    public Constant Constant(int index, string role) =>
        Input(index) as Constant
        ?? throw Unsupported($"its {role} '{InputName(index)}' is not a constant", $"Only constant {role} is supported; fold constants before the export (for example with onnxsim).");

    public float[] Floats(int index, string role) =>
        Constant(index, role).Floats ?? throw Invalid($"its {role} '{InputName(index)}' is not floating-point");

    public long[] Integers(int index, string role) =>
        Constant(index, role).Integers ?? throw Invalid($"its {role} '{InputName(index)}' is not an integer tensor");

    public bool HasAttribute(string name) => _attributes.ContainsKey(name);

    public long Int(string name, long otherwise) => Attribute(name, AttributeType.Int)?.I ?? otherwise;

    public float Float(string name, float otherwise) => Attribute(name, AttributeType.Float)?.F ?? otherwise;

    public string String(string name, string otherwise) =>
        Attribute(name, AttributeType.String) is { } attribute ? Encoding.UTF8.GetString(attribute.S.Span) : otherwise;

    public long[]? Ints(string name) => Attribute(name, AttributeType.Ints) is { } attribute ? [.. attribute.Ints] : null;

    public float[]? FloatList(string name) => Attribute(name, AttributeType.Floats) is { } attribute ? [.. attribute.Floats] : null;

    public TensorProto? Tensor(string name) => Attribute(name, AttributeType.Tensor)?.T;

    /// <summary>Marks an attribute as read that has no influence on inference.</summary>
    public void Ignore(string name) => _read.Add(name);

    /// <summary>Refuses a node with attributes that its operator did not read: their meaning would be lost in silence.</summary>
    public void CheckAllAttributesRead()
    {
        foreach (string name in _attributes.Keys.Where(name => !_read.Contains(name)))
        {
            throw Unsupported($"attribute '{name}' is not known", "It is not part of the operator, or of a newer opset: export with opset 13 to 21.");
        }
    }

    /// <summary>Emits a node that writes an output, and binds that.</summary>
    public void Emit(FloatNode node, Activation output, int index = 0)
    {
        EmitHelper(node, output.Shape);
        Bind(index, output);
    }

    /// <summary>Emits a node whose value has no ONNX name of its own.</summary>
    public void EmitHelper(FloatNode node, Shape shape)
    {
        CheckSize(shape);
        Graph.Emit(node, shape);
    }

    public void Bind(int index, Value value)
    {
        if (!Graph.TryBind(OutputName(index), value))
        {
            throw Invalid($"output '{OutputName(index)}' was written before");
        }
    }

    public void CheckSize(Shape shape)
    {
        if (!ImportLimits.Allows(shape))
        {
            throw Invalid(
                $"its output would be {shape}; legal are 1 to {ImportLimits.MaxSide} rows and columns, 1 to {ImportLimits.MaxChannels} channels and at most {ImportLimits.MaxActivationElements} elements");
        }
    }

    /// <summary>A size from the file as an int.</summary>
    public int Size(long value, string what, long lo = 1, long hi = 1 << 24) =>
        value >= lo && value <= hi ? (int)value : throw Invalid($"{what} is {value}; legal are {lo} to {hi}");

    /// <summary>An axis from the file; negative ones count from the end.</summary>
    public int Axis(long value, int rank) =>
        value >= -rank && value < rank ? (int)(value < 0 ? value + rank : value) : throw Invalid($"axis {value} does not exist in {rank} dimensions");

    /// <summary>The model is legal, but this project does not do what it asks for.</summary>
    public HawqException Unsupported(string what, string hint) => new(HawqIds.OnnxUnsupported, $"{Op} node '{Label}': {what}. {hint}");

    /// <summary>The model contradicts itself or the operator's specification.</summary>
    public HawqException Invalid(string what) => new(HawqIds.OnnxGraph, $"{Op} node '{Label}': {what}.");

    private Activation Image(int index, Activation input) => ChannelOrder.InOrder(Graph, input) ?? throw NotAnImage(index);

    private HawqException NotAnImage(int index)
    {
        Activation activation = RealOrCodes(index);
        return Unsupported(
            $"input '{InputName(index)}' has the layout [{string.Join(", ", activation.Dims)}] over a {activation.Shape} tensor",
            "Only [batch, channels, height, width] in its original order is supported here.");
    }

    private string Label => _proto.Name.Length > 0 ? _proto.Name : _proto.Output.FirstOrDefault() ?? "";

    private AttributeProto? Attribute(string name, AttributeType type)
    {
        _read.Add(name);
        if (!_attributes.TryGetValue(name, out AttributeProto? attribute))
        {
            return null;
        }

        if (attribute.RefAttrName.Length > 0)
        {
            throw Unsupported($"attribute '{name}' refers to a function's attribute", "Export without functions (inline them).");
        }

        // Old exporters leave the type out.
        return attribute.Type == type || attribute.Type == AttributeType.Undefined
            ? attribute
            : throw Invalid($"attribute '{name}' is of kind {attribute.Type}, not {type}");
    }
}
