namespace Hawq.Onnx.Operators;

/// <summary>Div.</summary>
internal sealed class DivOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Div"];

    public void Import(NodeContext node) => BinaryArithmetic.Import(node, Arithmetic.Div);
}
