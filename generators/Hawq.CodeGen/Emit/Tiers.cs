using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>The condition of each instruction-set tier; the JIT folds it to a constant.</summary>
internal static class Tiers
{
    public static string IsSupported(InstructionSet tier) => tier switch
    {
        InstructionSet.Avx512 => "global::System.Runtime.Intrinsics.X86.Avx512BW.IsSupported",
        InstructionSet.AvxVnni => "global::System.Runtime.Intrinsics.X86.AvxVnni.IsSupported",
        InstructionSet.Avx2 => "global::System.Runtime.Intrinsics.X86.Avx2.IsSupported",
        InstructionSet.Vector128 => "V128.IsSupported",
        _ => "true",
    };

    /// <summary>Tiers whose text is the same, as one: of neighbours that all have the last one's instructions, only the last one stays.</summary>
    /// <param name="tiers">Tiers, best first.</param>
    /// <param name="text">What a tier would print.</param>
    public static IReadOnlyList<InstructionSet> Distinct(IReadOnlyList<InstructionSet> tiers, Func<InstructionSet, string> text)
    {
        List<InstructionSet> distinct = [];
        for (int i = 0; i < tiers.Count;)
        {
            int last = i;
            for (int next = i + 1; next < tiers.Count && text(tiers[next]) == text(tiers[i]); next++)
            {
                if (tiers.Skip(i).Take(next - i).All(tier => Implies(tier, tiers[next])))
                {
                    last = next;
                }
            }

            distinct.Add(tiers[last]);
            i = last + 1;
        }

        return distinct;
    }

    /// <summary>Whether every machine with one tier has the other one's instructions too.</summary>
    private static bool Implies(InstructionSet tier, InstructionSet other) => other switch
    {
        InstructionSet.Scalar => true,
        InstructionSet.Vector128 => tier is InstructionSet.Avx512 or InstructionSet.AvxVnni or InstructionSet.Avx2,
        InstructionSet.Avx2 => tier is InstructionSet.Avx512 or InstructionSet.AvxVnni,
        _ => false,
    };

    /// <summary>Writes the statements of every tier behind its condition, the best first; without conditions where there is one tier.</summary>
    public static void WriteChoice(SourceWriter writer, IReadOnlyList<InstructionSet> tiers, Action<InstructionSet> statements)
    {
        if (tiers.Count == 1)
        {
            statements(tiers[0]);
            return;
        }

        for (int i = 0; i < tiers.Count; i++)
        {
            string condition = tiers[i] == InstructionSet.Scalar ? "else" : $"{(i == 0 ? "if" : "else if")} ({IsSupported(tiers[i])})";
            using (writer.Block(condition))
            {
                statements(tiers[i]);
            }
        }
    }
}
