using Hawq.Model;

namespace Hawq.Quantization.Assembly;

/// <summary>
/// Multipliers of as many bits as a layer's accumulators leave in int32, so that one 32-bit multiplication requantizes them. 4-bit weights have small
/// accumulators: their multipliers keep 12 to 17 bits, and no requantized value moves by more than 2^-12 of itself.
/// </summary>
internal static class ShortMultipliers
{
    /// <summary>Fewer bits than this would change results more than rounding them does: the layer keeps 31.</summary>
    public const int MinBits = 12;

    /// <summary>The multipliers of a layer, all of the same number of bits.</summary>
    /// <param name="multipliers">One per output channel.</param>
    /// <param name="largest">Largest magnitude of an accumulator, in any channel.</param>
    public static Dyadic[] Of(Dyadic[] multipliers, long largest)
    {
        // Smaller ones make 0 of every accumulator, as this one does; their large shifts would cost the other channels bits.
        Dyadic least = new(Dyadic.MinMultiplier, 31 + BitLength(largest));
        for (int bits = 31; bits >= MinBits; bits--)
        {
            Dyadic[] shortened = [.. multipliers.Select(multiplier => (multiplier.Value < least.Value ? least : multiplier).Shortened(bits))];
            if (shortened.All(multiplier => multiplier.FitsInt32(31 - bits, largest)))
            {
                return shortened;
            }
        }

        return multipliers;
    }

    private static int BitLength(long value) => 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);
}
