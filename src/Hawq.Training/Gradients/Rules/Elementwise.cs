using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Element-wise functions of one value.</summary>
public static class Elementwise
{
    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    public static TapeValue Relu(this Tape tape, TapeValue x)
    {
        TapeValue y = tape.Emit("Relu", x.Dims, [x]);
        return tape.Record(y, (x, g => tape.Emit("Mul", g.Dims, [g, tape.Emit("Sign", y.Dims, [y])])));
    }

    /// <summary>x where it is positive, else slope * x.</summary>
    public static TapeValue LeakyRelu(this Tape tape, TapeValue x, double slope) =>
        tape.Add(tape.Relu(x), tape.Scale(tape.Relu(tape.Scale(x, -1)), -slope));

    /// <summary>Clamp to [lo, hi], where a bound may be infinite; the gradient passes where nothing is cut off.</summary>
    public static TapeValue Clip(this Tape tape, TapeValue x, float lo, float hi)
    {
        if (lo == 0 && float.IsPositiveInfinity(hi))
        {
            return tape.Relu(x);
        }

        TapeValue y = tape.Emit(
            "Clip", x.Dims, [x, float.IsInfinity(lo) ? Tape.None : tape.Scalar(lo), float.IsInfinity(hi) ? Tape.None : tape.Scalar(hi)]);
        return tape.Record(y, (x, g => tape.Emit("Mul", g.Dims, [g, tape.Equal(x, y)])));
    }

    /// <summary>x squared.</summary>
    public static TapeValue Square(this Tape tape, TapeValue x) => tape.Mul(x, x);

    /// <summary>Square root.</summary>
    public static TapeValue Sqrt(this Tape tape, TapeValue x)
    {
        TapeValue y = tape.Emit("Sqrt", x.Dims, [x]);
        return tape.Record(y, (x, g => tape.Emit("Div", g.Dims, [tape.Emit("Mul", g.Dims, [g, tape.Scalar(.5)]), y])));
    }

    /// <summary>Natural logarithm.</summary>
    public static TapeValue Log(this Tape tape, TapeValue x) =>
        tape.Record(tape.Emit("Log", x.Dims, [x]), (x, g => tape.Emit("Div", g.Dims, [g, x])));

    /// <summary>e to the x.</summary>
    public static TapeValue Exp(this Tape tape, TapeValue x)
    {
        TapeValue y = tape.Emit("Exp", x.Dims, [x]);
        return tape.Record(y, (x, g => tape.Emit("Mul", g.Dims, [g, y])));
    }

    /// <summary>Hyperbolic tangent.</summary>
    public static TapeValue Tanh(this Tape tape, TapeValue x)
    {
        TapeValue y = tape.Emit("Tanh", x.Dims, [x]);
        return tape.Record(y, (x, g =>
        {
            TapeValue square = tape.Emit("Mul", y.Dims, [y, y]);
            return tape.Emit("Mul", g.Dims, [g, tape.Emit("Sub", y.Dims, [tape.Scalar(1), square])]);
        }));
    }

    /// <summary>Softmax over one axis.</summary>
    public static TapeValue Softmax(this Tape tape, TapeValue x, int axis)
    {
        TapeValue y = tape.Emit("Softmax", x.Dims, [x], Attribute("axis", (long)axis));
        return tape.Record(y, (x, g =>
        {
            TapeValue product = tape.Emit("Mul", y.Dims, [g, y]);
            TapeValue total = tape.SumOver(product, axis);
            return tape.Emit("Mul", y.Dims, [y, tape.Emit("Sub", y.Dims, [g, total])]);
        }));
    }

    /// <summary>Logarithm of the softmax over the last axis.</summary>
    public static TapeValue LogSoftmax(this Tape tape, TapeValue x)
    {
        int axis = x.Dims.Count - 1;
        TapeValue y = tape.Emit("LogSoftmax", x.Dims, [x], Attribute("axis", (long)axis));
        return tape.Record(y, (x, g =>
        {
            TapeValue p = tape.Emit("Exp", y.Dims, [y]);
            return tape.Emit("Sub", y.Dims, [g, tape.Emit("Mul", y.Dims, [p, tape.SumOver(g, axis)])]);
        }));
    }

    /// <summary>1 where a equals b, else 0; not recorded.</summary>
    internal static TapeValue Equal(this Tape tape, TapeValue a, TapeValue b) => tape.ToFloat(tape.Emit("Equal", a.Dims, [a, b]));

    /// <summary>Cast to float32; not recorded.</summary>
    internal static TapeValue ToFloat(this Tape tape, TapeValue x) => tape.Emit("Cast", x.Dims, [x], Attribute("to", 1L));

    private static TapeValue SumOver(this Tape tape, TapeValue x, int axis) =>
        tape.SumTo(x, [.. x.Dims.Select((d, i) => i == axis ? 1 : d)]);
}
