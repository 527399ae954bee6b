using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// When the kernels that sum in int16 lanes are exact. A lane adds products of a stored code in [0, hi] with a weight; the worst case of a
/// window of steps is hi times the sum of its positive weights, or of its negative ones (<see cref="WeightFacts.Windows"/>).
/// </summary>
public static class KernelProofs
{
    /// <summary>Largest code for which no pair of 8-bit weights can saturate vpmaddubsw: 129 * (127 + 127) = 32 766.</summary>
    public const int MaxCodeForAnyPair = 129;

    /// <summary>Whether every window of exactly <paramref name="steps"/> steps stays inside int16, whatever the codes are.</summary>
    /// <param name="input">The input: its largest stored code counts.</param>
    /// <param name="facts">The layer's weights.</param>
    /// <param name="steps">A length that the facts state.</param>
    public static bool Fits(TensorStorage input, WeightFacts facts, int steps) =>
        Find(facts, steps) is { } window && Fits(input.StoredHi, window);

    /// <summary>Whether a sum over <paramref name="steps"/> steps needs correction steps: some window could leave int16.</summary>
    public static bool NeedsCorrections(TensorStorage input, WeightFacts facts, int steps) => !Fits(input, facts, steps);

    /// <summary>The longest proven windows first.</summary>
    public static IEnumerable<LaneWindow> Proven(TensorStorage input, WeightFacts facts) =>
        facts.Windows.Where(w => Fits(input.StoredHi, w)).OrderByDescending(w => w.Steps);

    /// <summary>The facts about windows of a length, or null where they state none.</summary>
    public static LaneWindow? Find(WeightFacts facts, int steps)
    {
        foreach (LaneWindow window in facts.Windows)
        {
            if (window.Steps == steps)
            {
                return window;
            }
        }

        return null;
    }

    /// <summary>
    /// Why the kernels that do not accumulate in int32 from the start are exact for a layer, a sentence per way of summing. The other families are
    /// exact for all codes and weights.
    /// </summary>
    internal static IEnumerable<string> Sentences(TensorStorage input, WeightFacts facts, IEnumerable<KernelChoice> kernels) => kernels
        .GroupBy(kernel => (kernel.Family, kernel.Window))
        .Select(same => (Text: Sentence(input.StoredHi, facts, same.Key.Family, same.Key.Window), Tiers: string.Join(", ", same.Select(kernel => kernel.Tier))))
        .Where(proof => proof.Text is not null)
        .Select(proof => $"{proof.Tiers}: {proof.Text}");

    private static string? Sentence(int hi, WeightFacts facts, KernelFamily family, int steps)
    {
        switch (family)
        {
            case KernelFamily.Winograd4:
                long sum = hi * Math.Max(facts.PositiveSum, -facts.NegativeSum);
                return $"Winograd's sums wrap modulo 2^32, and 64 times a sum of stored codes by weights is at most {Proofs.Number(64 * sum)}, less than 2^31.";
            case KernelFamily.Tree or KernelFamily.Maddubs16 when Find(facts, steps) is { } window:
                string lanes = $"int16 lanes over {steps} step{(steps == 1 ? string.Empty : "s")} reach {Proofs.Number((long)hi * window.Positive)} and {Proofs.Number((long)hi * window.Negative)}";
                return Fits(hi, window)
                    ? $"{lanes}, inside int16."
                    : $"{lanes} at worst; what does not fit is moved to correction steps when the weights are packed, and no pair saturates, codes being at most {MaxCodeForAnyPair}.";
            default:
                return null;
        }
    }

    private static bool Fits(int hi, LaneWindow window) =>
        (long)hi * window.Positive <= short.MaxValue && (long)hi * window.Negative >= short.MinValue;
}
