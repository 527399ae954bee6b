namespace Hawq.Model;

/// <summary>Two-dimensional convolution with groups, dilation and asymmetric padding; see <see cref="LinearLayer"/> for the arithmetic.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Weights">Weights; kernel size and channels.</param>
/// <param name="Bias">int32 per output channel.</param>
/// <param name="Requantize">Dyadic multiplier per output channel.</param>
/// <param name="Facts">What the planner needs to know of the weights.</param>
/// <param name="Stride">Rows and columns between outputs.</param>
/// <param name="Padding">Rows and columns of zero points around the input.</param>
/// <param name="Dilation">Distance between taps, 1 for an ordinary kernel.</param>
/// <param name="Groups">Number of channel groups; equal to the input channels for a depthwise convolution.</param>
public sealed record ConvLayer(
    string Name, string Input, string Output, WeightTensor Weights, EquatableArray<int> Bias, EquatableArray<Dyadic> Requantize, WeightFacts Facts,
    Size2 Stride, Padding Padding, Size2 Dilation, int Groups)
    : LinearLayer(Name, Input, Output, Weights, Bias, Requantize, Facts)
{
    /// <inheritdoc/>
    public override string Op => "conv";
}

/// <summary>A pair of vertical and horizontal sizes.</summary>
/// <param name="Height">Vertical.</param>
/// <param name="Width">Horizontal.</param>
public readonly record struct Size2(int Height, int Width)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Height}x{Width}";
}

/// <summary>Rows and columns added around a tensor.</summary>
/// <param name="Top">Rows above.</param>
/// <param name="Left">Columns to the left.</param>
/// <param name="Bottom">Rows below.</param>
/// <param name="Right">Columns to the right.</param>
public readonly record struct Padding(int Top, int Left, int Bottom, int Right)
{
    /// <inheritdoc/>
    public override string ToString() => Top == Left && Top == Bottom && Top == Right ? $"{Top}" : $"{Top},{Left},{Bottom},{Right}";
}
