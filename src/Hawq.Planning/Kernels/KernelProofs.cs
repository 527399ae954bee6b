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

    private static bool Fits(int hi, LaneWindow window) =>
        (long)hi * window.Positive <= short.MaxValue && (long)hi * window.Negative >= short.MinValue;
}
