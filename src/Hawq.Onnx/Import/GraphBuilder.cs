using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>The FloatGraph under construction: what ONNX names stand for, the nodes emitted so far, shapes and notes.</summary>
internal sealed class GraphBuilder(string folder, int opset)
{
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _repeats = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);

    /// <summary>Folder of the model file, for external data.</summary>
    public string Folder { get; } = folder;

    /// <summary>Opset of the default domain.</summary>
    public int Opset { get; } = opset;

    /// <summary>Whether BatchNormalization stays a node of its own instead of being folded.</summary>
    public bool KeepBatchNormalization { get; init; }

    public List<FloatNode> Nodes { get; } = [];

    public List<string> Notes { get; } = [];

    public Dictionary<string, Shape> Shapes => _shapes;

    /// <summary>Batch that the model was exported with, where that is fixed, else 1.</summary>
    public long Batch { get; set; } = 1;

    /// <summary>Elements that constant folding has made so far; see <see cref="ImportLimits.MaxFoldedElements"/>.</summary>
    public long FoldedElements { get; set; }

    public Value? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Binds an ONNX name; false when it is bound already.</summary>
    public bool TryBind(string name, Value value) => _values.TryAdd(name, value);

    /// <summary>Counts a reader of an ONNX name: a node's input or a graph output.</summary>
    public void CountUse(string name) => _uses[name] = _uses.GetValueOrDefault(name) + 1;

    /// <summary>Remembers a graph output, which is a reader too.</summary>
    public void AddOutput(string name)
    {
        _outputs.Add(name);
        CountUse(name);
    }

    /// <summary>Whether an ONNX name is an output of the graph.</summary>
    public bool IsOutput(string name) => _outputs.Contains(name);

    /// <summary>How many node inputs and graph outputs read an ONNX name.</summary>
    public int Uses(string name) => _uses.GetValueOrDefault(name);

    public void DeclareInput(string name, Shape shape) => _shapes.Add(name, shape);

    public void Emit(FloatNode node, Shape shape)
    {
        if (!_shapes.TryAdd(node.Output, shape))
        {
            throw new HawqException(HawqIds.OnnxGraph, $"The value '{node.Output}' is written twice, the second time by node '{node.Name}'. Export the model again.");
        }

        Nodes.Add(node);
    }

    /// <summary>A node name not used before: the ONNX node's, or its output's where it has none.</summary>
    public string UniqueName(NodeProto node) =>
        UniqueName(node.Name.Length > 0 ? node.Name : node.Output.Count > 0 ? node.Output[0] : node.OpType);

    /// <summary>The wanted name, or one with a number behind it.</summary>
    public string UniqueName(string wanted)
    {
        string name = wanted;
        while (!_names.Add(name))
        {
            _repeats[wanted] = _repeats.GetValueOrDefault(wanted, 1) + 1;
            name = $"{wanted}#{_repeats[wanted]}";
        }

        return name;
    }
}
