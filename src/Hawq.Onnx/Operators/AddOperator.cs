using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Add of two values of one shape.</summary>
internal sealed class AddOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Add"];

    public void Import(NodeContext node)
    {
        Activation a = node.Activation(0);
        Activation b = node.Activation(1);
        if (!a.SameView(b))
        {
            throw node.Unsupported(
                $"it adds [{string.Join(", ", a.Dims)}] and [{string.Join(", ", b.Dims)}] in different layouts", "Two values of one shape are supported.");
        }

        node.Emit(new AddNode(node.Name, a.Name, b.Name, node.Output), a.Renamed(node.Output));
    }
}
