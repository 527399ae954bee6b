namespace Hawq.Training.Gradients;

/// <summary>
/// Rounding to a grid with gradients that pass through: y = step * clamp(floor(x / step + 1/2), lo, hi), the rounding of integer-semantics.md.
/// </summary>
public static class FakeQuantization
{
    /// <summary>
    /// Straight-through estimate for x (1 inside the range, 0 where it was cut off), learned step size for the step (Esser et al.,
    /// arXiv 1902.08153): dy/dstep = q - x / step inside, lo or hi outside.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">Values.</param>
    /// <param name="step">Positive step; a scalar, or of a shape that broadcasts to x.</param>
    /// <param name="lo">Smallest code.</param>
    /// <param name="hi">Largest code.</param>
    public static TapeValue FakeQuantize(this Tape tape, TapeValue x, TapeValue step, int lo, int hi)
    {
        TapeValue u = tape.Emit("Div", x.Dims, [x, step]);
        TapeValue cut = tape.Emit("Clip", x.Dims, [u, tape.Scalar(lo), tape.Scalar(hi)]);
        TapeValue q = tape.Emit("Floor", x.Dims, [tape.Emit("Add", x.Dims, [cut, tape.Scalar(.5)])]);
        TapeValue y = tape.Emit("Mul", x.Dims, [q, step]);
        return tape.Record(
            y,
            (x, g => tape.Emit("Mul", g.Dims, [g, tape.Equal(u, cut)])),
            (step, g => tape.SumTo(tape.Emit("Mul", g.Dims, [g, StepSlope(tape, q, u, cut)]), step.Dims)));
    }

    /// <summary>q - u where nothing is cut off, else q.</summary>
    internal static TapeValue StepSlope(Tape tape, TapeValue q, TapeValue u, TapeValue cut) =>
        tape.Emit("Sub", q.Dims, [q, tape.Emit("Mul", q.Dims, [u, tape.Equal(u, cut)])]);
}
