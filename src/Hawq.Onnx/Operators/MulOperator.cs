namespace Hawq.Onnx.Operators;

/// <summary>Mul.</summary>
internal sealed class MulOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Mul"];

    public void Import(NodeContext node) => BinaryArithmetic.Import(node, Arithmetic.Mul);
}
