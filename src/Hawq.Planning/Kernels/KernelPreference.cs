namespace Hawq.Planning;

/// <summary>Narrows the choice of kernels: to plan as on another machine, and to try one kernel in tests and measurements.</summary>
/// <param name="Tier">
/// Plans as on a machine whose best instruction set is this one; null for all that exist. Avx512 then means a machine without AVX-VNNI, as all
/// were before 2021.
/// </param>
public sealed record KernelPreference(InstructionSet? Tier = null)
{
    /// <summary>No preference.</summary>
    public static KernelPreference None { get; } = new();

    /// <summary>
    /// Used for every convolution that has vector kernels, whatever its proof says; null to choose. What an unproven kernel computes is undefined: this is
    /// how tests show that the proofs are needed.
    /// </summary>
    public KernelChoice? Forced { get; init; }

    /// <summary>Whether steps write their channels of a concatenation themselves; a GPU's kernels do not.</summary>
    public bool JoinInPlace { get; init; } = true;

    /// <summary>
    /// Only what every INT8 engine has: one widening per step of four codes (or vpdpbusd), no sums in int16, no Winograd. What the other kernels are
    /// measured against.
    /// </summary>
    public bool Plain { get; init; }

    /// <summary>Whether a kernel may be chosen.</summary>
    public bool Allows(InstructionSet tier) => Tier switch
    {
        null => true,
        InstructionSet.Avx512 => tier is InstructionSet.Avx512 or InstructionSet.Avx2 or InstructionSet.Vector128,
        InstructionSet.AvxVnni => tier is InstructionSet.AvxVnni or InstructionSet.Avx2 or InstructionSet.Vector128,
        InstructionSet.Avx2 => tier is InstructionSet.Avx2 or InstructionSet.Vector128,
        { } only => tier == only,
    };
}
