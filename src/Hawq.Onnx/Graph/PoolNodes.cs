using Hawq.Model;

namespace Hawq.Onnx;

/// <summary>Maximum over a window; padding never wins. A global maximum is a window over the whole input.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Kernel">Window rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Explicit padding; every window holds at least one element of the input.</param>
/// <param name="Dilation">Dilation.</param>
public sealed record MaxPoolNode(string Name, string Input, string Output, Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation)
    : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Mean over a window. The divisor is the number of window positions inside the input, or the window's size where padding counts.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Kernel">Window rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Explicit padding; every window holds at least one element of the input or of the counted padding.</param>
/// <param name="CountIncludePad">Whether padding counts as zeros: the divisor is then the same everywhere.</param>
public sealed record AveragePoolNode(
    string Name, string Input, string Output, Size2 Kernel, Size2 Stride, Padding Padding, bool CountIncludePad) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}
