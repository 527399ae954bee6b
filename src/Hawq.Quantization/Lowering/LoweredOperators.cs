using Hawq.Model;
using Hawq.Onnx;

namespace Hawq.Quantization.Lowering;

/// <summary>Average over a window.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Node">The float node.</param>
public sealed record LoweredAveragePool(string Name, string Input, string Output, AveragePoolNode Node) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Channels of several tensors, one after the other.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Parts">Input tensors.</param>
/// <param name="Output">Output tensor.</param>
public sealed record LoweredConcat(string Name, IReadOnlyList<string> Parts, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => Parts;
}

/// <summary>A function of one number: a table.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, 8 bits or fewer.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Functions">One function, or one per channel.</param>
public sealed record LoweredLookup(string Name, string Input, string Output, IReadOnlyList<Func<double, double>> Functions) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Product of two tensors; the second may be one pixel that is repeated.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">First factor.</param>
/// <param name="B">Second factor.</param>
/// <param name="Output">Product.</param>
public sealed record LoweredMul(string Name, string A, string B, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}

/// <summary>Difference of two tensors.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">Minuend.</param>
/// <param name="B">Subtrahend.</param>
/// <param name="Output">Difference.</param>
public sealed record LoweredSub(string Name, string A, string B, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}
