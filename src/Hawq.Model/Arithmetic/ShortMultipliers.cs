namespace Hawq.Model;

/// <summary>
/// Multipliers of as many bits as a layer's accumulators leave in int32, so that one 32-bit multiplication requantizes them. 4-bit weights have small
/// accumulators: their multipliers keep 12 to 15 bits, and no requantized value moves by more than 2^-12 of itself.
/// </summary>
public static class ShortMultipliers
{
    /// <summary>Name and value of the setting that a manifest with them states.</summary>
    public static Setting Setting { get; } = new("multipliers", "short");

    /// <summary>As many as int16 has, which the generated code multiplies by while it widens sums; more would change nothing that can be measured.</summary>
    public const int MaxBits = 15;

    /// <summary>Fewer bits than this would change results more than rounding them does: the layer keeps 31.</summary>
    public const int MinBits = 12;

    /// <summary>The multipliers of a layer, all of the same number of bits.</summary>
    /// <param name="multipliers">One per output channel.</param>
    /// <param name="largest">Largest magnitude of an accumulator, in any channel.</param>
    public static Dyadic[] Of(Dyadic[] multipliers, long largest)
    {
        // Smaller ones make 0 of every accumulator, as this one does; their large shifts would cost the other channels bits.
        Dyadic least = new(Dyadic.MinMultiplier, 31 + BitLength(largest));
        for (int bits = MaxBits; bits >= MinBits; bits--)
        {
            Dyadic[] shortened = [.. multipliers.Select(multiplier => (multiplier.Value < least.Value ? least : multiplier).Shortened(bits))];
            if (shortened.All(multiplier => multiplier.FitsInt32(31 - bits, largest)))
            {
                return shortened;
            }
        }

        return multipliers;
    }

    /// <summary>Significant bits that all multipliers of a layer have in common: 31 where they are not shortened.</summary>
    public static int BitsOf(EquatableArray<Dyadic> multipliers)
    {
        int any = 0;
        foreach (Dyadic multiplier in multipliers)
        {
            any |= multiplier.Multiplier;
        }

        int bits = 31;
        while (bits > 1 && (any & (1 << (31 - bits))) == 0)
        {
            bits--;
        }

        return bits;
    }

    private static int BitLength(long value)
    {
        int bits = 0;
        while (value >> bits != 0)
        {
            bits++;
        }

        return bits;
    }
}
