using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>The FloatGraph under construction: what ONNX names stand for, the nodes emitted so far, shapes and notes.</summary>
internal sealed class GraphBuilder(string folder, int opset)
{
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);

    /// <summary>Folder of the model file, for external data.</summary>
    public string Folder { get; } = folder;

    /// <summary>Opset of the default domain.</summary>
    public int Opset { get; } = opset;

    public List<FloatNode> Nodes { get; } = [];

    public List<string> Notes { get; } = [];

    public IReadOnlyDictionary<string, Shape> Shapes => _shapes;

    public Value? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Binds an ONNX name; false when it is bound already.</summary>
    public bool TryBind(string name, Value value) => _values.TryAdd(name, value);

    /// <summary>Counts a reader of an ONNX name: a node's input or a graph output.</summary>
    public void CountUse(string name) => _uses[name] = _uses.GetValueOrDefault(name) + 1;

    /// <summary>An ONNX name turned out to be a view of a FloatGraph value: the readers of the name read the value instead of the node that made the view.</summary>
    public void CountAlias(string value, string name) => _uses[value] = Uses(value) - 1 + Uses(name);

    /// <summary>How many node inputs and graph outputs read an ONNX name.</summary>
    public int Uses(string name) => _uses.GetValueOrDefault(name);

    /// <summary>The node that writes a FloatGraph value, or null for the input.</summary>
    public FloatNode? Producer(string value) => _producers.TryGetValue(value, out int index) ? Nodes[index] : null;

    public void DeclareInput(string name, Shape shape) => _shapes.Add(name, shape);

    public void Emit(FloatNode node, Shape shape)
    {
        _producers.Add(node.Output, Nodes.Count);
        _shapes.Add(node.Output, shape);
        Nodes.Add(node);
    }

    /// <summary>Replaces the node that writes <paramref name="value"/>, which nothing else has read, by one that writes another value of the same shape.</summary>
    public void Replace(string value, FloatNode node)
    {
        int index = _producers[value];
        Shape shape = _shapes[value];
        _producers.Remove(value);
        _shapes.Remove(value);
        _producers.Add(node.Output, index);
        _shapes.Add(node.Output, shape);
        Nodes[index] = node;
    }

    /// <summary>A node name not used before: the ONNX node's, or its output's where it has none.</summary>
    public string UniqueName(NodeProto node)
    {
        string wanted = node.Name.Length > 0 ? node.Name : node.Output.Count > 0 ? node.Output[0] : node.OpType;
        string name = wanted;
        for (int i = 2; !_names.Add(name); i++)
        {
            name = $"{wanted}#{i}";
        }

        return name;
    }
}
