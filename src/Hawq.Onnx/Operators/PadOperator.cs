using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Pad with zeros: rows, columns and channels.</summary>
internal sealed class PadOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Pad"];

    public void Import(NodeContext node)
    {
        ImageView view = node.ImageView(0);
        Activation input = view.Image;
        string mode = node.String("mode", "constant");
        float value = node.Opset < 11 ? node.Float("value", 0) : node.HasInput(2) ? Scalar(node) : 0;
        if (mode != "constant" || value != 0)
        {
            throw node.Unsupported(
                mode != "constant" ? $"attribute mode is '{mode}'" : $"it pads with {value}", "Padding with the constant 0 is supported.");
        }

        int[] pads = Pads(node, view.Axes);
        if (pads[0] != 0 || pads[4] != 0)
        {
            throw node.Unsupported("it pads the batch", "Pad channels, rows or columns.");
        }

        if (pads.All(pad => pad == 0))
        {
            node.Bind(0, node.Input(0));
            return;
        }

        Padding padding = new(pads[2], pads[3], pads[6], pads[7]);
        Shape shape = new(
            checked(input.Shape.Height + pads[2] + pads[6]), checked(input.Shape.Width + pads[3] + pads[7]), checked(input.Shape.Channels + pads[1] + pads[5]));
        node.Emit(new PadNode(node.Name, input.Name, node.Output, padding, pads[1], pads[5]), view.Restore(Activation.Image(node.Output, shape)));
    }

    private static float Scalar(NodeContext node)
    {
        float[] value = node.Floats(2, "padding value");
        return value.Length == 1 ? value[0] : throw node.Invalid($"its padding value has {value.Length} elements");
    }

    /// <summary>Befores of batch, channels, rows and columns, then afters.</summary>
    private static int[] Pads(NodeContext node, IReadOnlyList<int> meaning)
    {
        long[] given = (node.Opset < 11 ? node.Ints("pads") : node.Integers(1, "pads")) ?? throw node.Invalid("attribute pads is missing");
        long[] axes = node.HasInput(3) ? node.Integers(3, "axes") : [.. Enumerable.Range(0, meaning.Count).Select(i => (long)i)];
        if (given.Length != 2 * axes.Length)
        {
            throw node.Invalid($"pads has {given.Length} values for {axes.Length} axes");
        }

        int[] pads = new int[8];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = meaning[node.Axis(axes[i], meaning.Count)];
            pads[axis] = Amount(node, given[i]);
            pads[axis + 4] = Amount(node, given[i + axes.Length]);
        }

        return pads;
    }

    private static int Amount(NodeContext node, long value) =>
        value >= 0 ? node.Size(value, "pads", 0) : throw node.Unsupported($"it pads by {value}, which crops", "Use Slice to crop.");
}
