using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Slice with constant bounds: every step-th row and column, and a range of channels.</summary>
internal sealed class SliceOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Slice"];

    public void Import(NodeContext node)
    {
        if (node.Input(0) is Constant constant)
        {
            (int Start, int Step, int Count)[] parts = Ranges(node, constant.Dims);
            int[] strides = ConstantMath.Strides(constant.Dims);
            int[] dims = [.. parts.Select(part => part.Count)];
            int first = parts.Select((part, i) => part.Start * strides[i]).Sum();
            node.Bind(0, constant.Pick(dims, ConstantMath.Walk(dims, [.. parts.Select((part, i) => part.Step * strides[i])], first)));
            return;
        }

        ImageView view = node.ImageView(0);
        Activation input = view.Image;
        var ranges = new (int Start, int Step, int Count)[] { (0, 1, 1), (0, 1, 1), (0, 1, 1), (0, 1, 1) };
        foreach ((int axis, var range) in view.Axes.Zip(Ranges(node, node.Activation(0).Dims)))
        {
            ranges[axis] = range;
        }

        if (ranges[0].Count != 1)
        {
            throw node.Unsupported("it slices the batch", "Slice channels, rows or columns.");
        }

        if (ranges[1].Step != 1)
        {
            throw node.Unsupported($"it takes every {ranges[1].Step}-th channel", "A contiguous range of channels (step 1) is supported.");
        }

        Shape shape = new(ranges[2].Count, ranges[3].Count, ranges[1].Count);
        if (shape == input.Shape)
        {
            node.Bind(0, node.Input(0));
            return;
        }

        node.Emit(
            new SliceNode(
                node.Name, input.Name, node.Output, new Size2(ranges[2].Start, ranges[3].Start), new Size2(ranges[2].Step, ranges[3].Step), ranges[1].Start),
            view.Restore(Activation.Image(node.Output, shape)));
    }

    private static (int Start, int Step, int Count)[] Ranges(NodeContext node, int[] dims)
    {
        bool isAttributes = node.Opset < 10;
        long[] starts = (isAttributes ? node.Ints("starts") : node.Integers(1, "starts")) ?? throw node.Invalid("attribute starts is missing");
        long[] ends = (isAttributes ? node.Ints("ends") : node.Integers(2, "ends")) ?? throw node.Invalid("attribute ends is missing");
        long[] axes = (isAttributes ? node.Ints("axes") : node.HasInput(3) ? node.Integers(3, "axes") : null) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = !isAttributes && node.HasInput(4) ? node.Integers(4, "steps") : [.. starts.Select(_ => 1L)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
        {
            throw node.Invalid("starts, ends, axes and steps differ in length");
        }

        var ranges = Array.ConvertAll(dims, dim => (Start: 0, Step: 1, Count: dim));
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = node.Axis(axes[i], dims.Length);
            if (steps[i] < 1)
            {
                throw node.Unsupported($"its step along axis {axis} is {steps[i]}", "Steps of at least 1 are supported.");
            }

            long start = Clamp(starts[i], dims[axis]);
            long end = Clamp(ends[i], dims[axis]);
            if (end <= start)
            {
                throw node.Unsupported($"its range [{start}, {end}) along axis {axis} is empty", "Empty tensors are not supported.");
            }

            // A step beyond the end takes one element, whatever its size.
            int step = (int)Math.Min(steps[i], dims[axis]);
            ranges[axis] = ((int)start, step, (int)((end - start + step - 1) / step));
        }

        return ranges;
    }

    /// <summary>Negative positions count from the end; beyond the ends means the ends.</summary>
    private static long Clamp(long position, int dim) => Math.Clamp(position < 0 ? Math.Max(position, -dim) + dim : position, 0, dim);
}
