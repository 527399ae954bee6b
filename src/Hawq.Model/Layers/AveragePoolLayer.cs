namespace Hawq.Model;

/// <summary>
/// Average over a window: the int32 sum of (x - zeroPoint(x)) over the n taps inside the input, then one dyadic multiplier that carries both the division and the
/// change of scale, rounded half up: y = clamp(rq(sum) + zeroPoint(y), lo(y), hi(y)).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, H x W x C.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Kernel">Window rows and columns.</param>
/// <param name="Stride">Rows and columns between outputs.</param>
/// <param name="Padding">Rows and columns around the input; they add nothing to the sum.</param>
/// <param name="Divisors">
/// The multipliers, by rising count. A single one holds for every window (padding counts, or there is none); of several, a window takes the one whose count is its
/// number of taps inside the input.
/// </param>
public sealed record AveragePoolLayer(
    string Name, string Input, string Output, Size2 Kernel, Size2 Stride, Padding Padding, EquatableArray<PoolDivisor> Divisors) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "averagePool";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}

/// <summary>The multiplier of an average over <paramref name="Count"/> taps.</summary>
/// <param name="Count">What the sum is divided by, at least 1.</param>
/// <param name="Requantize">scale(x) / (Count * scale(y)).</param>
public readonly record struct PoolDivisor(int Count, Dyadic Requantize);

/// <summary>Taps of a window along one axis.</summary>
public static class WindowTaps
{
    /// <summary>Outputs along an axis: windows that start inside the padded input and end inside it.</summary>
    public static long Outputs(int size, int before, int after, int kernel, int stride, int dilation)
    {
        long free = (long)size + before + after - (((long)dilation * (kernel - 1)) + 1);
        return free < 0 ? 0 : (free / stride) + 1;
    }

    /// <summary>How many taps of the window of an output lie inside the input.</summary>
    /// <param name="output">Row (or column) of the output.</param>
    /// <param name="size">Rows of the input.</param>
    /// <param name="before">Padding before the first.</param>
    /// <param name="kernel">Taps.</param>
    /// <param name="stride">Stride.</param>
    /// <param name="dilation">Distance between taps.</param>
    public static int Inside(int output, int size, int before, int kernel, int stride, int dilation)
    {
        long start = ((long)output * stride) - before;
        long first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
        long last = start >= size ? -1 : Math.Min(kernel - 1, (size - 1 - start) / dilation);
        return (int)Math.Max(0, last - first + 1);
    }

    /// <summary>The distinct numbers of taps inside the input over all windows of a pooling, rising.</summary>
    public static IEnumerable<int> Counts(Shape input, Shape output, Size2 kernel, Size2 stride, Padding padding)
    {
        int[] rows = Enumerable.Range(0, output.Height).Select(i => Inside(i, input.Height, padding.Top, kernel.Height, stride.Height, 1)).Distinct().ToArray();
        int[] columns = Enumerable.Range(0, output.Width).Select(i => Inside(i, input.Width, padding.Left, kernel.Width, stride.Width, 1)).Distinct().ToArray();
        return rows.SelectMany(r => columns.Select(c => r * c)).Distinct().OrderBy(count => count);
    }
}
