namespace Hawq.Training.Gradients;

/// <summary>Element-wise arithmetic of two values with ONNX's broadcasting; a gradient is summed over what was repeated.</summary>
public static class Arithmetic
{
    /// <summary>a + b.</summary>
    public static TapeValue Add(this Tape tape, TapeValue a, TapeValue b) => tape.Record(
        tape.Emit("Add", Broadcast(a, b), [a, b]),
        (a, g => tape.SumTo(g, a.Dims)),
        (b, g => tape.SumTo(g, b.Dims)));

    /// <summary>a - b.</summary>
    public static TapeValue Sub(this Tape tape, TapeValue a, TapeValue b) => tape.Record(
        tape.Emit("Sub", Broadcast(a, b), [a, b]),
        (a, g => tape.SumTo(g, a.Dims)),
        (b, g => tape.SumTo(tape.Emit("Neg", g.Dims, [g]), b.Dims)));

    /// <summary>a * b.</summary>
    public static TapeValue Mul(this Tape tape, TapeValue a, TapeValue b) => tape.Record(
        tape.Emit("Mul", Broadcast(a, b), [a, b]),
        (a, g => tape.SumTo(tape.Emit("Mul", g.Dims, [g, b]), a.Dims)),
        (b, g => tape.SumTo(tape.Emit("Mul", g.Dims, [g, a]), b.Dims)));

    /// <summary>a / b.</summary>
    public static TapeValue Div(this Tape tape, TapeValue a, TapeValue b)
    {
        TapeValue y = tape.Emit("Div", Broadcast(a, b), [a, b]);
        return tape.Record(
            y,
            (a, g => tape.SumTo(tape.Emit("Div", g.Dims, [g, b]), a.Dims)),
            (b, g => tape.SumTo(tape.Emit("Neg", g.Dims, [tape.Emit("Div", g.Dims, [tape.Emit("Mul", g.Dims, [g, y]), b])]), b.Dims)));
    }

    /// <summary>factor * x.</summary>
    public static TapeValue Scale(this Tape tape, TapeValue x, double factor) => tape.Mul(x, tape.Scalar(factor));

    /// <summary>Sum of scalars or of values of one shape.</summary>
    public static TapeValue Total(this Tape tape, IReadOnlyList<TapeValue> values) =>
        values.Count == 1 ? values[0] : tape.Record(tape.Emit("Sum", values[0].Dims, values), [.. values.Select(v => (v, (Tape.Pullback?)(g => g)))]);

    /// <summary>Sums what broadcasting has repeated; not recorded.</summary>
    internal static TapeValue SumTo(this Tape tape, TapeValue x, IReadOnlyList<int> dims)
    {
        if (x.Dims.SequenceEqual(dims))
        {
            return x;
        }

        int lead = x.Dims.Count - dims.Count;
        int[] axes = [.. Enumerable.Range(0, x.Dims.Count).Where(axis => axis < lead || (dims[axis - lead] == 1 && x.Dims[axis] > 1))];
        int[] kept = [.. x.Dims.Select((d, axis) => axes.Contains(axis) ? 1 : d)];
        TapeValue sum = tape.Emit("ReduceSum", kept, [x, tape.Integers(axes.Select(axis => (long)axis))], Onnx.Export.OnnxWriter.Attribute("keepdims", 1L));
        return lead == 0 ? sum : tape.Emit("Reshape", dims, [sum, tape.Integers(dims.Select(d => (long)d))]);
    }

    private static int[] Broadcast(TapeValue a, TapeValue b)
    {
        int rank = Math.Max(a.Dims.Count, b.Dims.Count);
        return [.. Enumerable.Range(0, rank).Select(axis =>
        {
            int x = Dim(a, axis - rank + a.Dims.Count), y = Dim(b, axis - rank + b.Dims.Count);
            return x == y || y == 1 ? x : x == 1 ? y : throw new ArgumentException($"{a} and {b} do not fit.");
        })];
    }

    private static int Dim(TapeValue value, int axis) => axis < 0 ? 1 : value.Dims[axis];
}
