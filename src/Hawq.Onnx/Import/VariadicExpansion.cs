using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>Sum, Max and Min of more than two operands as a chain of operators of two.</summary>
internal static class VariadicExpansion
{
    /// <summary>The nodes with every such operator rewritten.</summary>
    public static IEnumerable<NodeProto> Run(IEnumerable<NodeProto> nodes) => nodes.SelectMany(
        node => node is { OpType: "Sum" or "Max" or "Min", Domain: "" or "ai.onnx", Input.Count: > 2, Output.Count: 1 } ? Chain(node) : [node]);

    private static IEnumerable<NodeProto> Chain(NodeProto node)
    {
        string value = node.Input[0];
        for (int i = 1; i < node.Input.Count; i++)
        {
            bool isLast = i == node.Input.Count - 1;
            NodeProto pair = new() { OpType = node.OpType, Name = isLast || node.Name.Length == 0 ? node.Name : $"{node.Name}#{i}" };
            pair.Attribute.Add(node.Attribute);
            pair.Input.Add([value, node.Input[i]]);
            value = isLast ? node.Output[0] : $"{node.Output[0]}#{i}";
            pair.Output.Add(value);
            yield return pair;
        }
    }
}
