namespace Hawq.Model;

/// <summary>
/// Channels of several tensors one after the other, each requantized by one scalar dyadic number to the joined grid:
/// y[i, j, first(p) + k] = clamp(rq_p(x_p[i, j, k] - zeroPoint(x_p)) + zeroPoint(y), lo(y), hi(y)).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Parts">Input tensors of one height and width, at least one; a tensor may occur twice.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Requantize">scale(part) / scale(y), one for each part; 1 (2^30 / 2^30) where the part is on the joined grid already.</param>
public sealed record ConcatLayer(string Name, EquatableArray<string> Parts, string Output, EquatableArray<Dyadic> Requantize) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "concat";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => Parts;
}
