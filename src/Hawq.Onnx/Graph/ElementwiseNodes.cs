namespace Hawq.Onnx;

/// <summary>Element-wise product: of one shape, or <paramref name="B"/> is 1 x 1 x C and is repeated over rows and columns (squeeze-and-excite).</summary>
/// <param name="Name">Node name.</param>
/// <param name="A">First value; the output has its shape.</param>
/// <param name="B">Second value.</param>
/// <param name="Output">Output value.</param>
public sealed record MulNode(string Name, string A, string B, string Output) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}

/// <summary>Element-wise difference A - B of two values of one shape.</summary>
/// <param name="Name">Node name.</param>
/// <param name="A">Minuend.</param>
/// <param name="B">Subtrahend.</param>
/// <param name="Output">Output value.</param>
public sealed record SubNode(string Name, string A, string B, string Output) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}

/// <summary>
/// y = f(x) for every element: a table in integers. Chains and products of element-wise functions of one value (SiLU written as
/// x * sigmoid(x), HardSwish as x * clip(x + 3, 0, 6) / 6, GELU through Erf) are one node.
/// </summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value, of the same shape.</param>
/// <param name="Function">The function.</param>
public sealed record UnaryNode(string Name, string Input, string Output, UnaryExpression Function) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>y = x where x is at least 0, else Slopes[channel] * x.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value, of the same shape.</param>
/// <param name="Slopes">Slope per channel.</param>
public sealed record PReluNode(string Name, string Input, string Output, float[] Slopes) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}
