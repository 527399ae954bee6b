using Hawq.Model;
using Hawq.Onnx.Operators;
using Hawq.Onnx.Passes;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>Walks the ONNX graph once, in its order, and lets each node's <see cref="IOperator"/> extend the FloatGraph.</summary>
internal sealed class GraphImporter
{
    private readonly GraphProto _graph;
    private readonly GraphBuilder _builder;
    private readonly List<NodeProto> _nodes;

    public GraphImporter(ModelProto model, string folder, bool keepBatchNormalization = false)
    {
        _graph = model.Graph;
        _nodes = QOperatorExpansion.Run(VariadicExpansion.Run(model.Graph.Node));
        _builder = new GraphBuilder(folder, Opset(model)) { KeepBatchNormalization = keepBatchNormalization };
    }

    public FloatGraph Import(string name, string sha256)
    {
        bool[] needed = NeededNodes();
        ReadInitializers();
        string input = InputReader.Declare(_graph, _builder);
        CountUses(needed);
        for (int i = 0; i < _nodes.Count; i++)
        {
            if (needed[i])
            {
                ImportNode(_nodes[i]);
            }
        }

        List<string> outputs = Outputs();
        Simplifier.Run(_builder.Nodes, _builder.Shapes, outputs);
        return new FloatGraph(name, _builder.Opset, sha256, input, outputs, _builder.Nodes, _builder.Shapes, _builder.Notes);
    }

    /// <summary>Values of the outputs of a graph without inputs: constant folding alone, for tests.</summary>
    internal IReadOnlyList<Constant?> FoldConstants()
    {
        ReadInitializers();
        foreach (NodeProto node in _nodes)
        {
            ImportNode(node);
        }

        return [.. _graph.Output.Select(output => _builder.Find(output.Name) as Constant)];
    }

    private static int Opset(ModelProto model)
    {
        OperatorSetIdProto? set = model.OpsetImport.FirstOrDefault(set => set.Domain is "" or "ai.onnx")
            ?? throw new HawqException(HawqIds.OnnxUnsupported, "The model imports no opset of the default domain. Export it for opset 13 to 21.");
        return set.Version is >= ImportLimits.MinOpset and <= ImportLimits.MaxOpset
            ? (int)set.Version
            : throw new HawqException(
                HawqIds.OnnxUnsupported,
                $"The model uses opset {set.Version}; {ImportLimits.MinOpset} to {ImportLimits.MaxOpset} are understood. Export it for opset 13 to 21.");
    }

    /// <summary>Which nodes the outputs depend on: exporters leave dead ones behind, and those need not be supported.</summary>
    private bool[] NeededNodes()
    {
        HashSet<string> wanted = [.. _graph.Output.Select(output => output.Name)];
        bool[] needed = new bool[_nodes.Count];
        for (int i = needed.Length - 1; i >= 0; i--)
        {
            if (_nodes[i].Output.Any(output => output.Length > 0 && wanted.Contains(output)))
            {
                needed[i] = true;
                wanted.UnionWith(_nodes[i].Input);
            }
        }

        return needed;
    }

    private void ReadInitializers()
    {
        foreach (TensorProto tensor in _graph.Initializer)
        {
            if (!_builder.TryBind(tensor.Name, TensorReader.Read(tensor, $"Initializer '{tensor.Name}'", _builder.Folder)))
            {
                throw new HawqException(HawqIds.OnnxGraph, $"Initializer '{tensor.Name}' is given twice. Export the model again.");
            }
        }
    }

    private void CountUses(bool[] needed)
    {
        foreach (string name in _nodes.Where((_, i) => needed[i]).SelectMany(node => node.Input))
        {
            _builder.CountUse(name);
        }

        foreach (ValueInfoProto output in _graph.Output)
        {
            _builder.AddOutput(output.Name);
        }
    }

    private void ImportNode(NodeProto proto)
    {
        NodeContext node = new(proto, _builder);
        IOperator op = OperatorRegistry.Find(proto.Domain, proto.OpType) ?? throw Unknown(node, proto);
        op.Import(node);
        node.CheckAllAttributesRead();
    }

    private static HawqException Unknown(NodeContext node, NodeProto proto)
    {
        if (proto.OpType is "DynamicQuantizeLinear" or "ConvInteger" or "MatMulInteger")
        {
            return node.Unsupported("its scales depend on the image (dynamic quantization)", "Quantize the model statically (for example quantize_static of ONNX Runtime), or start from the float model.");
        }

        return node.Unsupported(
            proto.Domain is "" or "ai.onnx" ? "this operator is not supported" : $"operators of the domain '{proto.Domain}' are not supported",
            $"Supported are: {string.Join(", ", OperatorRegistry.Names.Concat(QOperatorExpansion.Names).Order(StringComparer.Ordinal))}.");
    }

    /// <summary>An output whose elements lie in channel, row, column order, as every value of the FloatGraph does.</summary>
    private Activation InOrder(string name, Activation activation)
    {
        if (activation.Codes is { Offsets: not null } or { Scale: 0 })
        {
            throw new HawqException(HawqIds.OnnxUnsupported, $"Output '{name}' holds codes of a table without their scale. End the model with DequantizeLinear.");
        }

        if (activation.Codes is { } codes)
        {
            _builder.Notes.Add(
                FormattableString.Invariant($"Output '{name}' holds quantized codes in the model; here it is real: {codes.Scale} * (code - {codes.ZeroPoint})."));
        }

        if (activation.IsContiguous)
        {
            return activation;
        }

        if (ChannelOrder.InOrder(_builder, activation) is { } ordered)
        {
            return ordered;
        }

        _builder.Notes.Add(
            $"Output '{name}' is [{string.Join(", ", activation.Dims)}] in the model; here it is {activation.Shape} (rows, columns, channels), without the Transpose.");
        return activation;
    }

    private List<string> Outputs()
    {
        List<string> outputs = [];
        foreach (string name in _graph.Output.Select(output => output.Name))
        {
            switch (_builder.Find(name))
            {
                case Activation activation:
                    outputs.Add(InOrder(name, activation).Name);
                    break;
                case Constant:
                    throw new HawqException(HawqIds.OnnxUnsupported, $"Output '{name}' is a constant. Remove it from the model's outputs.");
                default:
                    throw new HawqException(HawqIds.OnnxGraph, $"Output '{name}' is not computed by any node. Export the model again.");
            }
        }

        return outputs.Count > 0 ? outputs : throw new HawqException(HawqIds.OnnxGraph, "The graph has no output. Export the model again.");
    }
}
