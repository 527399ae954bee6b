namespace Hawq.Model;

/// <summary>
/// Largest code in a window: y[i, j, k] = max of x over the taps inside the input. Padding never wins: it is not looked at. Codes do not change, so input and
/// output share scale, zero point and range. A global maximum is a window as large as the input.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Kernel">Window rows and columns.</param>
/// <param name="Stride">Rows and columns between outputs.</param>
/// <param name="Padding">Rows and columns around the input; every window has a tap inside it.</param>
/// <param name="Dilation">Distance between taps, 1 for an ordinary window.</param>
public sealed record MaxPoolLayer(string Name, string Input, string Output, Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "maxPool";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
