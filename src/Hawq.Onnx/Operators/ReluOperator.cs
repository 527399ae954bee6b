using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Relu: a clamp to [0, +infinity).</summary>
internal sealed class ReluOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Relu"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        node.Emit(new ClipNode(node.Name, input.Name, node.Output, 0, float.PositiveInfinity), input.Renamed(node.Output));
    }
}
