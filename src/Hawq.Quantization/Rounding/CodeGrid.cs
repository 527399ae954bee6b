using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Rounding;

/// <summary>The codes that a weight may take: -<paramref name="Limit"/>, -Limit + <paramref name="Step"/>, ..., Limit.</summary>
/// <param name="Limit">Largest code.</param>
/// <param name="Step">1; 2 for binary weights, which are -1 or 1.</param>
internal readonly record struct CodeGrid(int Limit, int Step = 1)
{
    /// <summary>The codes of a bit-width.</summary>
    public static CodeGrid Of(LayerBits bits) => bits.Weights == 1 ? new CodeGrid(1, 2) : new CodeGrid((1 << (bits.Weights - 1)) - 1);

    /// <summary>
    /// The smallest scale worth trying, as a part of the one at which no weight is clipped: with one code on each side, most weights of a bell-shaped
    /// distribution lie far inside.
    /// </summary>
    public double SmallestScale => Limit == 1 ? .1 : .35;

    /// <summary>The scale at which no weight is clipped; of binary weights, of which every one is, the mean magnitude. 0 where all are 0.</summary>
    public double LargestScale(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        float max = 0;
        foreach (float weight in weights)
        {
            max = Math.Max(max, Math.Abs(weight));
            sum += Math.Abs(weight);
        }

        return Step == 1 ? (double)max / Limit : sum / weights.Length;
    }

    /// <summary>The nearest code, ties up, clamped.</summary>
    public float Nearest(float weight) => Step == 1 ? Math.Clamp(MathF.Floor(weight + .5f), -Limit, Limit) : weight < 0 ? -Limit : Limit;

    /// <summary>The nearest code, ties up, clamped.</summary>
    public sbyte Nearest(double weight) => (sbyte)(Step == 1 ? Math.Clamp(Math.Floor(weight + .5), -Limit, Limit) : weight < 0 ? -Limit : Limit);

    /// <summary>The lower one of the two codes that a weight lies between.</summary>
    public float Below(float weight) => Step == 1 ? Math.Clamp(MathF.Floor(weight), -Limit, Limit - 1) : -Limit;
}
