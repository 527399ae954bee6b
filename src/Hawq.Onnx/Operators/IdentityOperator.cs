namespace Hawq.Onnx.Operators;

/// <summary>Identity and Dropout (inference does not drop): nothing.</summary>
internal sealed class IdentityOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Identity", "Dropout"];

    public void Import(NodeContext node)
    {
        if (node.Op == "Dropout")
        {
            node.Ignore("ratio");
            node.Ignore("seed");
            node.Ignore("is_test");
            if (node.HasInput(2) && node.Integers(2, "training mode") is [not 0, ..])
            {
                throw node.Unsupported("it is in training mode", "Export the model in evaluation mode (model.eval()).");
            }
        }

        node.Bind(0, node.Input(0));
    }
}
