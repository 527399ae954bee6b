namespace Hawq.Model;

/// <summary>
/// Difference; as <see cref="AddLayer"/>, each operand is requantized (and rounded half up) for itself:
/// y = clamp(rq_a(a - zeroPoint(a)) - rq_b(b - zeroPoint(b)) + zeroPoint(y), lo(y), hi(y)).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">Minuend.</param>
/// <param name="B">Subtrahend, of the same shape.</param>
/// <param name="Output">Difference.</param>
/// <param name="RequantizeA">scale(a) / scale(y).</param>
/// <param name="RequantizeB">scale(b) / scale(y).</param>
public sealed record SubLayer(string Name, string A, string B, string Output, Dyadic RequantizeA, Dyadic RequantizeB)
    : PairLayer(Name, A, B, Output, RequantizeA, RequantizeB)
{
    /// <inheritdoc/>
    public override string Op => "sub";
}
