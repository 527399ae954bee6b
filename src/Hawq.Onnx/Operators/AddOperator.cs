namespace Hawq.Onnx.Operators;

/// <summary>Add, and Sum of any number.</summary>
internal sealed class AddOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Add", "Sum"];

    public void Import(NodeContext node)
    {
        if (node.InputCount == 1 && node.Op == "Sum")
        {
            node.Bind(0, node.Input(0));
        }
        else if (!CodeTable.TryAddOffsets(node))
        {
            BinaryArithmetic.Import(node, Arithmetic.Add);
        }
    }
}
