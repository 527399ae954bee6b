using Hawq.Compilation.Ptx;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>A parsed kernel, ready to run.</summary>
public sealed class PtxKernel
{
    public required string Name { get; init; }

    /// <summary>Parameters in order: offset in the parameter block and size in bytes.</summary>
    public required IReadOnlyList<PtxVariable> Parameters { get; init; }

    public required int ParameterBytes { get; init; }

    public required int SharedBytes { get; init; }

    public required int LocalBytes { get; init; }

    public required int RegisterCount { get; init; }

    public required IReadOnlyList<PtxOperation> Code { get; init; }

    /// <summary>Number of instructions whose opcode starts with <paramref name="opcode"/>.</summary>
    public int Count(string opcode) => Code.Count(i => i.Text.StartsWith(opcode, StringComparison.Ordinal));
}

/// <summary>How an instruction is executed.</summary>
public enum PtxExecution
{
    /// <summary>By each thread for itself.</summary>
    Thread,

    /// <summary>By all 32 threads of a warp together (mma, ldmatrix, shfl).</summary>
    Warp,

    /// <summary>By all threads of the block: a barrier.</summary>
    Block,
}

/// <summary>One instruction, ready to run; what it does is a delegate made by the compiler for its opcode.</summary>
public sealed class PtxOperation
{
    public required string Text { get; init; }

    /// <summary>Guard predicate register, or -1.</summary>
    public int Guard { get; init; } = -1;

    /// <summary>Whether the guard is negated.</summary>
    public bool GuardNegated { get; init; }

    public PtxExecution Execution { get; set; }

    /// <summary>For <see cref="PtxExecution.Thread"/>.</summary>
    public Action<PtxThread>? Run { get; set; }

    /// <summary>For <see cref="PtxExecution.Warp"/>: the 32 threads in lane order.</summary>
    public Action<PtxThread[]>? RunWarp { get; set; }

    /// <summary>Branch target label, or null.</summary>
    public string? Target { get; set; }

    /// <summary>Number of this guarded <c>bra.uni</c> among such branches, or -1.</summary>
    public int UniformBranch { get; set; } = -1;

    public bool Enabled(PtxThread thread) => Guard < 0 || ((thread.Registers[Guard] & 1) != 0) != GuardNegated;
}
