namespace Hawq.Model;

/// <summary>
/// Copies every <paramref name="Step"/>-th row and column and a range of channels: y[i, j, k] = x[Start.Height + i * Step.Height,
/// Start.Width + j * Step.Width, StartChannel + k]. Codes do not change, so input and output share scale, zero point and range.
/// The output shape says how many.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Start">First row and column.</param>
/// <param name="Step">Row and column steps, at least 1.</param>
/// <param name="StartChannel">First channel.</param>
public sealed record SliceLayer(string Name, string Input, string Output, Size2 Start, Size2 Step, int StartChannel) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "slice";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
