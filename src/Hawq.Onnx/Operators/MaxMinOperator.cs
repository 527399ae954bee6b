namespace Hawq.Onnx.Operators;

/// <summary>Max and Min with a number: a clamp.</summary>
internal sealed class MaxMinOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Max", "Min"];

    public void Import(NodeContext node)
    {
        if (node.InputCount == 1)
        {
            node.Bind(0, node.Input(0));
            return;
        }

        BinaryArithmetic.Import(node, node.Op == "Max" ? Arithmetic.Max : Arithmetic.Min);
    }
}
