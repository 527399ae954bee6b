using Hawq.Compilation.Ptx;

namespace Hawq.Cli.Gpu;

/// <summary>Where an instruction is executed.</summary>
internal enum Pipe
{
    /// <summary>Nowhere: folded into another instruction, or removed.</summary>
    None,

    /// <summary>Adds, shifts, logic, comparisons, minima.</summary>
    Integer,

    /// <summary>Multiplies, dp4a.</summary>
    Multiply,

    /// <summary>Tensor core.</summary>
    Tensor,

    /// <summary>Loads and stores of shared and global memory.</summary>
    Memory,

    /// <summary>Issued, and nothing else: branches, barriers, special registers.</summary>
    Control,
}

/// <summary>
/// What NVIDIA's assembler makes of a PTX instruction: how many machine instructions, on which pipe. Read off the output of ptxas 11.8 and nvdisasm for the
/// generated kernels; a test compares the sums with theirs where the tools are installed.
/// </summary>
/// <param name="Pipe">Where.</param>
/// <param name="Count">Machine instructions.</param>
/// <param name="Latency">Cycles until the result can be used (memory: see <see cref="WarpTrace"/>).</param>
internal readonly record struct MachineCost(Pipe Pipe, int Count, int Latency)
{
    private static readonly MachineCost s_nothing = new(Pipe.None, 0, 0);

    /// <summary>The cost of an instruction.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="productAdded">Whether it adds to the product of an instruction before it: one multiply-add does both.</param>
    public static MachineCost Of(PtxInstruction instruction, bool productAdded)
    {
        bool wide = instruction.Parts[^1] is "s64" or "u64" or "b64";
        switch (instruction.Name)
        {
            case "mma": return new(Pipe.Tensor, 1, T4.MmaLatency);
            case "dp4a": return new(Pipe.Multiply, 1, T4.MultiplyLatency);

            // 32 x 32 to 64 bits and the upper half: twice the time of a 32-bit multiply.
            case "mul" or "mad" when instruction.Has("wide") || instruction.Has("hi"): return new(Pipe.Multiply, 2, T4.MultiplyLatency);
            case "mul" or "mad" when wide: return new(Pipe.Multiply, 4, 3 * T4.MultiplyLatency);
            case "mul" or "mad": return new(Pipe.Multiply, 1, T4.MultiplyLatency);

            // No instruction divides: a float reciprocal and two corrections.
            case "div" or "rem": return new(Pipe.Integer, 16, 60);
            case "ld" or "st" when instruction.Has("shared") || instruction.Has("global"): return new(Pipe.Memory, 1, 0);
            case "ldmatrix": return new(Pipe.Memory, 1, 0);
            case "ld" or "st" or "cvta" or "ret" or "exit": return s_nothing; // parameters are constant operands; the local variables that ILGPU declares for inline PTX are dead
            case "mov": return instruction.Operands[^1].StartsWith("%ctaid", StringComparison.Ordinal) || instruction.Operands[^1].StartsWith("%tid", StringComparison.Ordinal) ? new(Pipe.Control, 1, 20) : s_nothing;
            case "bra": return new(Pipe.Control, 1, 0);
            case "bar" or "barrier" or "shfl": return new(Pipe.Control, 1, T4.SharedLatency);
            case "cvt" when wide: return s_nothing;
            case "cvt": return new(Pipe.Integer, 1, T4.ArithmeticLatency);
            case "and" or "or" or "not" or "xor" when instruction.Has("pred"): return s_nothing; // part of the comparison
            case "add" or "sub" when productAdded: return s_nothing;
            case "shr" or "shl" when wide: return new(Pipe.Integer, 3, 2 * T4.ArithmeticLatency);
            default: return new(Pipe.Integer, wide ? 2 : 1, T4.ArithmeticLatency);
        }
    }
}
