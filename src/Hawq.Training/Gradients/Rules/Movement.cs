using Hawq.Model;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Operations that only move elements.</summary>
public static class Movement
{
    /// <summary>The same elements in another shape.</summary>
    public static TapeValue Reshape(this Tape tape, TapeValue x, params int[] dims) => tape.Record(
        Raw(tape, x, dims),
        (x, g => Raw(tape, g, x.Dims)));

    /// <summary>[N, ...] to [N, features].</summary>
    public static TapeValue Flatten(this Tape tape, TapeValue x) => tape.Reshape(x, x.Dims[0], x.Count / x.Dims[0]);

    /// <summary>Dimensions in another order: y's axis i is x's axis order[i].</summary>
    public static TapeValue Transpose(this Tape tape, TapeValue x, params int[] order)
    {
        int[] back = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }

        return tape.Record(tape.Permute(x, order), (x, g => tape.Permute(g, back)));
    }

    /// <summary>Values one after the other along an axis.</summary>
    public static TapeValue Concat(this Tape tape, IReadOnlyList<TapeValue> parts, int axis)
    {
        int[] dims = [.. parts[0].Dims.Select((d, i) => i == axis ? parts.Sum(part => part.Dims[axis]) : d)];
        TapeValue y = tape.Emit("Concat", dims, parts, Attribute("axis", (long)axis));
        int start = 0;
        List<(TapeValue, Tape.Pullback?)> inputs = [];
        foreach (TapeValue part in parts)
        {
            int from = start, to = start += part.Dims[axis];
            inputs.Add((part, g => tape.Cut(g, part.Dims, [axis], [from], [to], [1])));
        }

        return tape.Record(y, [.. inputs]);
    }

    /// <summary>Every step-th element from start to below end, per axis; the gradient is spread with zeros between.</summary>
    public static TapeValue Slice(this Tape tape, TapeValue x, int[] axes, int[] starts, int[] ends, int[] steps)
    {
        int[] dims = [.. x.Dims];
        for (int i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = (ends[i] - starts[i] + steps[i] - 1) / steps[i];
        }

        return tape.Record(tape.Cut(x, dims, axes, starts, ends, steps), (x, g =>
        {
            for (int i = 0; i < axes.Length; i++)
            {
                g = Spread(tape, g, axes[i], steps[i]);
                long[] before = new long[g.Dims.Count], after = new long[g.Dims.Count];
                before[axes[i]] = starts[i];
                after[axes[i]] = x.Dims[axes[i]] - starts[i] - g.Dims[axes[i]];
                g = tape.RawPad(g, before, after);
            }

            return g;
        }));
    }

    /// <summary>Zeros around; pads must not be negative.</summary>
    public static TapeValue Pad(this Tape tape, TapeValue x, int[] before, int[] after) => tape.Record(
        tape.RawPad(x, [.. before.Select(p => (long)p)], [.. after.Select(p => (long)p)]),
        (x, g => tape.Cut(
            g, x.Dims, [.. Enumerable.Range(0, x.Dims.Count)], before, [.. x.Dims.Select((d, axis) => d + before[axis])], [.. before.Select(_ => 1)])));

    /// <summary>Channels of [N, C, H, W] in another order: y[:, k] = x[:, source[k]].</summary>
    public static TapeValue PermuteChannels(this Tape tape, TapeValue x, IReadOnlyList<int> source)
    {
        int[] back = new int[source.Count];
        for (int k = 0; k < back.Length; k++)
        {
            back[source[k]] = k;
        }

        return tape.Record(Gather(tape, x, source), (x, g => Gather(tape, g, back)));
    }

    /// <summary>Rows and columns of [N, C, H, W] repeated by whole factors (nearest neighbour).</summary>
    public static TapeValue Enlarge(this Tape tape, TapeValue x, Size2 factor)
    {
        int[] dims = [x.Dims[0], x.Dims[1], x.Dims[2] * factor.Height, x.Dims[3] * factor.Width];
        TapeValue y = tape.Emit(
            "Resize", dims, [x, Tape.None, tape.Constant([1, 1, factor.Height, factor.Width], 4)],
            Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor"));
        return tape.Record(y, (x, g =>
        {
            TapeValue mean = tape.Emit(
                "AveragePool", x.Dims, [g], Attribute("kernel_shape", factor.Height, factor.Width), Attribute("strides", factor.Height, factor.Width));
            return tape.Emit("Mul", x.Dims, [mean, tape.Scalar(factor.Height * factor.Width)]);
        }));
    }

    /// <summary>ONNX's Slice; not recorded.</summary>
    internal static TapeValue Cut(this Tape tape, TapeValue x, IReadOnlyList<int> dims, int[] axes, int[] starts, int[] ends, int[] steps) =>
        tape.Emit("Slice", dims, [x, Longs(tape, starts), Longs(tape, ends), Longs(tape, axes), Longs(tape, steps)]);

    /// <summary>ONNX's Transpose; not recorded.</summary>
    internal static TapeValue Permute(this Tape tape, TapeValue x, params int[] order) =>
        tape.Emit("Transpose", [.. order.Select(axis => x.Dims[axis])], [x], Attribute("perm", [.. order.Select(axis => (long)axis)]));

    /// <summary>ONNX's Reshape; not recorded.</summary>
    internal static TapeValue Raw(this Tape tape, TapeValue x, IReadOnlyList<int> dims) =>
        tape.Emit("Reshape", dims, [x, tape.Integers(dims.Select(d => (long)d))]);

    /// <summary>ONNX's Pad, where negative pads cut off; not recorded.</summary>
    internal static TapeValue RawPad(this Tape tape, TapeValue x, long[] before, long[] after) =>
        before.Concat(after).All(p => p == 0)
            ? x
            : tape.Emit("Pad", [.. x.Dims.Select((d, axis) => d + (int)before[axis] + (int)after[axis])], [x, tape.Integers(before.Concat(after))]);

    /// <summary>Zeros between the elements of an axis: a trailing dimension of one is padded and merged.</summary>
    private static TapeValue Spread(Tape tape, TapeValue x, int axis, int step)
    {
        if (step == 1)
        {
            return x;
        }

        int[] apart = [.. x.Dims.Take(axis + 1), 1, .. x.Dims.Skip(axis + 1)];
        long[] after = new long[apart.Length];
        after[axis + 1] = step - 1;
        TapeValue padded = tape.RawPad(Raw(tape, x, apart), new long[apart.Length], after);
        TapeValue merged = Raw(tape, padded, [.. x.Dims.Select((d, i) => i == axis ? d * step : d)]);
        int length = ((x.Dims[axis] - 1) * step) + 1;
        return tape.Cut(merged, [.. x.Dims.Select((d, i) => i == axis ? length : d)], [axis], [0], [length], [1]);
    }

    private static TapeValue Gather(Tape tape, TapeValue x, IReadOnlyList<int> source) =>
        tape.Emit("Gather", x.Dims, [x, tape.Integers(source.Select(channel => (long)channel))], Attribute("axis", 1L));

    private static TapeValue Longs(Tape tape, int[] values) => tape.Integers(values.Select(v => (long)v));
}
