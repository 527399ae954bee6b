using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// What a kernel template needs to know of an instruction set. Every tier has a small class of vector operations in the generated file
/// (<see cref="Operations"/>), with the same method names, so that one template serves every width: only the class name and the number
/// of vectors that sixteen output channels take differ.
/// </summary>
/// <param name="Set">The tier.</param>
/// <param name="Class">Name of the operations class in the generated file.</param>
/// <param name="Vector">The vector type: Vector512, Vector256 or Vector128.</param>
/// <param name="Bytes">Bytes of a vector.</param>
/// <param name="Condition">C# condition under which the tier may run.</param>
/// <param name="Title">For the documentation of the generated methods.</param>
/// <param name="Operations">Source text of the operations class, without indentation.</param>
internal sealed record VectorTier(InstructionSet Set, string Class, string Vector, int Bytes, string Condition, string Title, string Operations)
{
    /// <summary>Output channels of a block: the unit of weights, tables and stores on every tier.</summary>
    public const int BlockChannels = 16;

    /// <summary>int32 lanes of a vector.</summary>
    public int Lanes => Bytes / 4;

    /// <summary>Vectors that the accumulators of a block take: 1, 2 or 4.</summary>
    public int VectorsPerBlock => BlockChannels / Lanes;

    /// <summary>
    /// The order of products and sums: so many products are computed ahead of the sums, then groups of products and of sums take turns. On AVX-512 as many
    /// as there are registers for: a core with 256-bit units (Zen 4) binds an instruction to a unit before it knows which will be free, and additions that
    /// follow their multiplications at once take places that only multiplications need (docs/kernels.md). The narrow tiers have no register to spare, and
    /// gain nothing.
    /// </summary>
    /// <param name="accumulators">Registers that hold sums.</param>
    /// <param name="vectors">Registers that hold weights.</param>
    public (int Ahead, int Group) ProductOrder(int accumulators, int vectors)
    {
        const int registers = 32, codes = 2;
        return Set != InstructionSet.Avx512 ? (0, 1) : (registers - codes - accumulators - vectors) switch
        {
            >= 9 => (5, 4),
            >= 6 => (4, 2),
            >= 4 => (2, 2),
            >= 3 => (1, 2),
            _ => (0, 2),
        };
    }

    /// <summary>The tier of an instruction set, or null where there is no vector code for it.</summary>
    public static VectorTier? For(InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => Tiers.Avx512Operations.Tier,
        InstructionSet.AvxVnni => Tiers.Avx2Operations.VnniTier,
        InstructionSet.Avx2 => Tiers.Avx2Operations.Tier,
        InstructionSet.Vector128 => Tiers.Vector128Operations.Tier,
        _ => null,
    };
}
