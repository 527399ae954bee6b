using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>MaxPool: dilation, auto_pad, ceil_mode.</summary>
internal sealed class MaxPoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["MaxPool"];

    public void Import(NodeContext node)
    {
        CodeGrid? codes = node.RealOrCodes(0).Codes; // The order of codes is that of the numbers.
        ImageView view = node.Spatial(0, allowsCodes: true);
        Activation input = view.Image;
        node.Ignore("storage_order"); // Only the indices depend on it.
        if (node.OutputCount > 1 && node.Graph.Uses(node.OutputName(1)) > 0)
        {
            throw node.Unsupported("its second output (indices) is used", "Only the maximum is supported; up-sample with Resize or ConvTranspose.");
        }

        Window window = Window.Read(node, input.Shape, null, view.IsLine);
        node.CheckSize(new Shape(window.Output.Height, window.Output.Width, input.Shape.Channels));
        PoolWindows.CheckNotEmpty(node, window, input.Shape);
        node.Emit(
            new MaxPoolNode(node.Name, input.Name, node.Output, window.Kernel, window.Stride, window.Padding, window.Dilation),
            view.Restore(Activation.Image(node.Output, new Shape(window.Output.Height, window.Output.Width, input.Shape.Channels))).As(codes));
    }
}
