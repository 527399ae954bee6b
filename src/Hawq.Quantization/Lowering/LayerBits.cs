using System.Globalization;
using Hawq.Model;

namespace Hawq.Quantization.Lowering;

/// <summary>The bit-widths of one layer with weights.</summary>
/// <param name="Weights">2 (-1, 0, 1: ternary), 4 or 8; 1 is binary (-1 or 1) and takes 2 bits of memory.</param>
/// <param name="Activations">Bits of the layer's input: 2 to 8.</param>
/// <param name="Window">
/// Overflow-aware: the weights of every channel are kept so small that sums of products over this many steps of four input codes provably fit in int16, whatever the
/// input is (OAQ, arXiv 2005.13297, as a proof). 0: no such demand. Not of binary weights, which cannot be made smaller.
/// </param>
public readonly record struct LayerBits(int Weights, int Activations, int Window = 0)
{
    private const int MaxWindow = 4096;

    /// <summary>8-bit weights and activations.</summary>
    public static LayerBits Eight => new(8, 8);

    /// <summary>Bits that a weight takes in memory.</summary>
    public int StoredWeights => Weights == 1 ? 2 : Weights;

    /// <summary>Whether every network of the other bits can be written with these.</summary>
    public bool Contains(LayerBits other) => Weights >= other.Weights && Activations >= other.Activations && (Window == 0 || (other.Window >= Window && other.Weights == Weights));

    /// <summary>Reads <c>4/8</c> (weights / activations), <c>8</c> for both, or <c>8/8@6</c> with a window.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: not of that form, or bits that do not exist.</exception>
    public static LayerBits Parse(string text) => TryParse(text) ?? throw new HawqException(
        HawqIds.Usage,
        $"'{text}' is no bit-width. Write weights/activations, such as 8/8, 4/8 or 4/4 (weights 1, 2, 4 or 8; activations 2 to 8), and 8/8@6 for weights so small that sums over 6 steps fit in int16.");

    /// <summary>The same, or null.</summary>
    public static LayerBits? TryParse(string text)
    {
        string[] halves = text.Split('@'), parts = halves[0].Split('/');
        int window = 0;
        if (halves.Length <= 2 && parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int weights)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int activations)
            && weights is 1 or 2 or 4 or 8 && activations is >= 2 and <= 8
            && (halves.Length == 1 || (int.TryParse(halves[1], NumberStyles.None, CultureInfo.InvariantCulture, out window) && window is >= 1 and <= MaxWindow && weights > 1)))
        {
            return new LayerBits(weights, activations, window);
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Window == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Weights}/{Activations}")
        : string.Create(CultureInfo.InvariantCulture, $"{Weights}/{Activations}@{Window}");
}

/// <summary>Bit-widths of every layer: the most specific rule wins (by name, then first or last layer, then the default).</summary>
/// <param name="Default">Bits of the layers that no other rule names.</param>
public sealed record BitAssignment(LayerBits Default)
{
    /// <summary>Bits of the layers that read the network's input; null: the default.</summary>
    public LayerBits? First { get; init; } = LayerBits.Eight;

    /// <summary>Bits of the layers that write the network's output; null: the default.</summary>
    public LayerBits? Last { get; init; } = LayerBits.Eight;

    /// <summary>Bits by layer name.</summary>
    public IReadOnlyDictionary<string, LayerBits> Layers { get; init; } = new Dictionary<string, LayerBits>();
}

/// <summary>Which values on the residual grid share a scale.</summary>
public enum ResidualScale
{
    /// <summary>None: every sum has the scale that its own values need.</summary>
    Own,

    /// <summary>
    /// All that an identity shortcut connects, which are those of a stage (the blocks between two changes of shape): the largest of their own scales. A shortcut then
    /// needs no multiplier, at the price of the resolution between the smallest sum and the largest, of 16 bits. Where both operands are convolutions, which shortcut by
    /// projection, they have 16 bits too, and 8-bit codes behind a sum get a scale for which a 16-bit multiplier is exact.
    /// </summary>
    Stage,
}

/// <summary>Which integer grids the network lives on.</summary>
/// <param name="Bits">Bit-widths per layer.</param>
public sealed record GridOptions(BitAssignment Bits)
{
    /// <summary>Largest code of an unsigned 8-bit activation: 127 as in HAWQ-V3, or 255.</summary>
    public int UnsignedEightBitMaximum { get; init; } = 127;

    /// <summary>Whether multipliers have as many bits as 32-bit products with the accumulators leave, instead of 31.</summary>
    public bool ShortMultipliers { get; init; }

    /// <summary>Width of the residual grid: 16 (HAWQ-V3) or 8.</summary>
    public int ResidualBits { get; init; } = 16;

    /// <summary>Which sums share a scale.</summary>
    public ResidualScale ResidualScale { get; init; } = ResidualScale.Own;
}
