namespace Hawq.Onnx.Operators;

/// <summary>Gelu, exact or approximated with tanh.</summary>
internal sealed class GeluOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Gelu"];

    public void Import(NodeContext node)
    {
        UnaryFunction kind = node.String("approximate", "none") switch
        {
            "none" => UnaryFunction.Gelu,
            "tanh" => UnaryFunction.GeluTanh,
            string other => throw node.Invalid($"attribute approximate is '{other}'"),
        };
        UnaryOperator.Import(node, new FunctionExpression(kind, 0, 0, UnaryExpression.Argument));
    }
}
