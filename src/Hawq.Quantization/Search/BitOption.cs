using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Hawq.Quantization.Search;

/// <summary>Bit-widths of one layer: its weights and its input activations; written <c>4/8</c>.</summary>
/// <param name="WeightBits">Bits of a weight, 1 to 16.</param>
/// <param name="ActivationBits">Bits of an input code, 1 to 16.</param>
public readonly record struct BitOption(int WeightBits, int ActivationBits)
{
    /// <summary>8-bit weights, 8-bit activations: the widest option, and the default of first and last layers.</summary>
    public static BitOption W8A8 { get; } = new(8, 8);

    /// <summary>4-bit weights, 8-bit activations.</summary>
    public static BitOption W4A8 { get; } = new(4, 8);

    /// <summary>4-bit weights, 4-bit activations.</summary>
    public static BitOption W4A4 { get; } = new(4, 4);

    /// <summary>Reads <c>4/8</c>, or <c>8</c> for <c>8/8</c>.</summary>
    /// <returns>False when the text is neither, or a bit-width is outside [1, 16].</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out BitOption option)
    {
        string[] parts = (text ?? "").Split('/');
        option = default;
        if (parts.Length > 2 || !TryBits(parts[0], out int weights) || !TryBits(parts[^1], out int activations))
        {
            return false;
        }

        option = new BitOption(weights, activations);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{WeightBits}/{ActivationBits}";

    private static bool TryBits(string text, out int bits) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bits) && bits is >= 1 and <= 16;
}
