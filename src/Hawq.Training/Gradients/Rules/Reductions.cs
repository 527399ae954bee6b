using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Sums and means.</summary>
public static class Reductions
{
    /// <summary>Sum of all elements: a scalar.</summary>
    public static TapeValue Sum(this Tape tape, TapeValue x) => tape.Record(
        tape.Emit("ReduceSum", [], [x], Attribute("keepdims", 0L)),
        (x, g => tape.Emit("Expand", x.Dims, [g, tape.Integers(x.Dims.Select(d => (long)d))])));

    /// <summary>Mean of all elements: a scalar.</summary>
    public static TapeValue Mean(this Tape tape, TapeValue x) => tape.Scale(tape.Sum(x), 1.0 / x.Count);

    /// <summary>Mean over some axes, which stay as dimensions of 1.</summary>
    public static TapeValue MeanOver(this Tape tape, TapeValue x, params int[] axes)
    {
        int[] dims = [.. x.Dims.Select((d, axis) => axes.Contains(axis) ? 1 : d)];
        double count = axes.Aggregate(1.0, (product, axis) => product * x.Dims[axis]);
        return tape.Record(
            tape.Emit("ReduceMean", dims, [x], Attribute("keepdims", 1L), Attribute("axes", [.. axes.Select(axis => (long)axis)])),
            (x, g => tape.Emit("Expand", x.Dims, [tape.Emit("Mul", g.Dims, [g, tape.Scalar(1 / count)]), tape.Integers(x.Dims.Select(d => (long)d))])));
    }

    /// <summary>Mean over rows and columns of [N, C, H, W]: [N, C, 1, 1].</summary>
    public static TapeValue GlobalAveragePool(this Tape tape, TapeValue x) => tape.MeanOver(x, 2, 3);
}
