namespace Hawq.Model;

/// <summary>The shape of one image's tensor, height by width by channels; stored row by row with channels innermost (NHWC, N = 1).</summary>
/// <param name="Height">Rows, at least 1.</param>
/// <param name="Width">Columns, at least 1.</param>
/// <param name="Channels">Channels, at least 1.</param>
public readonly record struct Shape(int Height, int Width, int Channels)
{
    /// <summary>Number of elements.</summary>
    public int Length => checked(Height * Width * Channels);

    /// <inheritdoc/>
    public override string ToString() => $"{Height}x{Width}x{Channels}";
}
