using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Conv with constant weights: groups, depthwise, dilation, asymmetric padding, auto_pad.</summary>
internal sealed class ConvOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Conv"];

    public void Import(NodeContext node)
    {
        ImageView view = node.Spatial(0);
        Activation input = view.Image;
        Constant weights = node.Constant(1, "weights");
        float[] values = node.Floats(1, "weights");
        int[] dims = view.IsLine && weights.Dims is [int first, int second, int length] ? [first, second, 1, length] : weights.Dims;
        if (dims is not [int outputs, int inputs, int rows, int columns] || weights.Dims.Length != view.Axes.Count)
        {
            throw node.Invalid($"weights [{string.Join(", ", weights.Dims)}] do not fit an input of {view.Axes.Count} dimensions");
        }

        int groups = node.Size(node.Int("group", 1), "attribute group");
        if (outputs == 0 || rows == 0 || columns == 0 || (long)inputs * groups != input.Shape.Channels || outputs % groups != 0)
        {
            throw node.Invalid($"weights [{string.Join(", ", weights.Dims)}] in {groups} group(s) do not fit its input of {input.Shape.Channels} channels");
        }

        Window window = Window.Read(node, input.Shape, new Size2(rows, columns), view.IsLine);
        float[] bias = node.HasInput(2) ? node.Floats(2, "bias") : new float[outputs];
        if (bias.Length != outputs)
        {
            throw node.Invalid($"its bias has {bias.Length} values for {outputs} output channels");
        }

        Shape shape = new(window.Output.Height, window.Output.Width, outputs);
        node.Emit(
            new ConvNode(node.Name, input.Name, node.Output, values, bias, window.Kernel, window.Stride, window.Padding, window.Dilation, groups)
            {
                WeightSteps = WeightSteps.Of(node, weights, outputs, i => i / (inputs * rows * columns)),
            },
            view.Restore(Activation.Image(node.Output, shape)));
    }
}
