using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>AveragePool; a window over the whole input is a global average.</summary>
internal sealed class AveragePoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["AveragePool"];

    public void Import(NodeContext node)
    {
        Activation input = node.Image(0);
        Window window = Window.Read(node, input.Shape, null);
        node.Int("count_include_pad", 0);
        if (window.Padding != default || window.Dilation != new Size2(1, 1) || window.Kernel != new Size2(input.Shape.Height, input.Shape.Width))
        {
            throw node.Unsupported($"its window {window.Kernel} does not cover its input {input.Shape}", "A window over the whole input is supported.");
        }

        GlobalAveragePoolOperator.Emit(node, input);
    }
}
