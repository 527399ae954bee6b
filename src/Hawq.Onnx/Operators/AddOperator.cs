namespace Hawq.Onnx.Operators;

/// <summary>Add, and Sum of two.</summary>
internal sealed class AddOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Add", "Sum"];

    public void Import(NodeContext node) => BinaryArithmetic.Import(node, Arithmetic.Add);
}
