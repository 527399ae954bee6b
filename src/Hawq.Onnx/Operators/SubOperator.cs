namespace Hawq.Onnx.Operators;

/// <summary>Sub.</summary>
internal sealed class SubOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Sub"];

    public void Import(NodeContext node) => BinaryArithmetic.Import(node, Arithmetic.Sub);
}
