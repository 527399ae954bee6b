namespace Hawq.Model;

/// <summary>
/// Residual addition: each branch is requantized (and rounded) separately to the output's grid, then added, then clamped:
/// <code>y = clamp(rq_a(a - zeroPoint(a)) + rq_b(b - zeroPoint(b)) + zeroPoint(y), lo(y), hi(y))</code>
/// where rq is the dyadic product rounded half up. A following ReLU is the clamp.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">First branch.</param>
/// <param name="B">Second branch, of the same shape.</param>
/// <param name="Output">Sum.</param>
/// <param name="RequantizeA">scale(a) / scale(y).</param>
/// <param name="RequantizeB">scale(b) / scale(y).</param>
public sealed record AddLayer(string Name, string A, string B, string Output, Dyadic RequantizeA, Dyadic RequantizeB)
    : PairLayer(Name, A, B, Output, RequantizeA, RequantizeB)
{
    /// <inheritdoc/>
    public override string Op => "add";
}
