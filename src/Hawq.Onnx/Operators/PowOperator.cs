namespace Hawq.Onnx.Operators;

/// <summary>Pow with a constant exponent (or base).</summary>
internal sealed class PowOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Pow"];

    public void Import(NodeContext node) => BinaryArithmetic.Import(node, Arithmetic.Pow);
}
