namespace Hawq.Model;

/// <summary>
/// Two operands of one shape, each requantized (and rounded half up) for itself to the output's grid, then combined (<see cref="AddLayer"/>,
/// <see cref="SubLayer"/>).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">First operand.</param>
/// <param name="B">Second operand, of the same shape.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="RequantizeA">scale(a) / scale(y).</param>
/// <param name="RequantizeB">scale(b) / scale(y).</param>
public abstract record PairLayer(string Name, string A, string B, string Output, Dyadic RequantizeA, Dyadic RequantizeB) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(A, B);
}
