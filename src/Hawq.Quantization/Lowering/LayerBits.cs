using System.Globalization;
using Hawq.Model;

namespace Hawq.Quantization.Lowering;

/// <summary>The bit-widths of one layer with weights.</summary>
/// <param name="Weights">2, 4 or 8.</param>
/// <param name="Activations">Bits of the layer's input: 2 to 8.</param>
public readonly record struct LayerBits(int Weights, int Activations)
{
    /// <summary>8-bit weights and activations.</summary>
    public static LayerBits Eight => new(8, 8);

    /// <summary>Reads <c>4/8</c> (weights / activations), or <c>8</c> for both.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: not of that form, or bits that do not exist.</exception>
    public static LayerBits Parse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length is 1 or 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int weights)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int activations)
            && weights is 2 or 4 or 8 && activations is >= 2 and <= 8)
        {
            return new LayerBits(weights, activations);
        }

        throw new HawqException(HawqIds.Usage, $"'{text}' is no bit-width. Write weights/activations, such as 8/8, 4/8 or 4/4 (weights 2, 4 or 8; activations 2 to 8).");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Weights}/{Activations}");
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

/// <summary>Which integer grids the network lives on.</summary>
/// <param name="Bits">Bit-widths per layer.</param>
public sealed record GridOptions(BitAssignment Bits)
{
    /// <summary>Largest code of an unsigned 8-bit activation: 127 as in HAWQ-V3, or 255.</summary>
    public int UnsignedEightBitMaximum { get; init; } = 127;

    /// <summary>Width of the residual grid: 16 (HAWQ-V3) or 8.</summary>
    public int ResidualBits { get; init; } = 16;
}
