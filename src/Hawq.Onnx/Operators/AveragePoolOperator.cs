using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>AveragePool: count_include_pad both ways, auto_pad, ceil_mode; a window over the whole input is a global average.</summary>
internal sealed class AveragePoolOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["AveragePool"];

    public void Import(NodeContext node)
    {
        ImageView view = node.Spatial(0);
        Activation input = view.Image;
        Window window = Window.Read(node, input.Shape, null, view.IsLine);
        bool countsPadding = node.Int("count_include_pad", 0) != 0 && window.Given != default;
        if (window.Dilation != new Size2(1, 1))
        {
            throw node.Unsupported($"attribute dilations is {window.Dilation}", "Dilation 1 is supported; a depthwise Conv can average with dilation.");
        }

        Shape shape = new(window.Output.Height, window.Output.Width, input.Shape.Channels);
        node.CheckSize(shape);
        if (window.Padding == default && window.Kernel == new Size2(input.Shape.Height, input.Shape.Width))
        {
            GlobalAveragePoolOperator.Emit(node, view);
            return;
        }

        if (countsPadding && window.Given != window.Padding)
        {
            // The padding that the model gives counts, what ceil_mode reaches over does not: zeros of its own keep them apart.
            input = Padded(node, input, window.Given);
            window = window with { Padding = new Padding(0, 0, window.Padding.Bottom - window.Given.Bottom, window.Padding.Right - window.Given.Right) };
            countsPadding = false;
        }

        if (!countsPadding)
        {
            PoolWindows.CheckNotEmpty(node, window, input.Shape);
        }

        node.Emit(
            new AveragePoolNode(node.Name, input.Name, node.Output, window.Kernel, window.Stride, window.Padding, countsPadding),
            view.Restore(Activation.Image(node.Output, shape)));
    }

    private static Activation Padded(NodeContext node, Activation input, Padding padding)
    {
        string output = node.Output + "#padded";
        Shape shape = new(
            checked(input.Shape.Height + padding.Top + padding.Bottom), checked(input.Shape.Width + padding.Left + padding.Right), input.Shape.Channels);
        node.EmitHelper(new PadNode(node.Graph.UniqueName(output), input.Name, output, padding, 0, 0), shape);
        return Activation.Image(output, shape);
    }
}
