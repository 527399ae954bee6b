using Hawq.Compilation.Ptx;

namespace Hawq.Cli.Gpu;

/// <summary>The integer instructions of PTX that indices and conditions are computed with. Registers of 32 bits are kept with their sign.</summary>
internal static class ScalarPtx
{
    /// <summary>The result for every lane, or null for an instruction that computes no index.</summary>
    public static long[]? Evaluate(PtxInstruction instruction, long[][] sources)
    {
        long[] results = new long[sources.Length == 0 ? 0 : sources[0].Length];
        string type = instruction.Parts[^1];
        for (int lane = 0; lane < results.Length; lane++)
        {
            long a = sources[0][lane];
            long b = sources.Length > 1 ? sources[1][lane] : 0;
            long c = sources.Length > 2 ? sources[2][lane] : 0;
            if (Evaluate(instruction, type, a, b, c) is not { } value)
            {
                return null;
            }

            results[lane] = instruction.Has("wide") ? value : (instruction.Name == "cvt" ? instruction.Parts[^2] : type) switch
            {
                "s32" or "u32" or "b32" => (int)value,
                "s16" or "u16" or "b16" => (short)value,
                _ => value,
            };
        }

        return results;
    }

    private static long? Evaluate(PtxInstruction instruction, string type, long a, long b, long c)
    {
        bool unsigned = type is "u32";
        (long x, long y) = unsigned ? ((uint)a, (uint)b) : (a, b);
        switch (instruction.Name)
        {
            case "mov" or "cvta": return a;
            case "cvt": return type is "u32" ? (uint)a : type is "u16" ? (ushort)a : type is "u8" ? (byte)a : type is "s8" ? (sbyte)a : a;
            case "add": return a + b;
            case "sub": return a - b;
            case "mul" when instruction.Has("hi"): return (x * y) >> 32;
            case "mul": return x * y;
            case "mad" when !instruction.Has("hi"): return (x * y) + c;
            case "div": return y == 0 ? null : x / y;
            case "rem": return y == 0 ? null : x % y;
            case "shl": return a << (int)b;
            case "shr": return x >> (int)b;
            case "and": return a & b;
            case "or": return a | b;
            case "xor": return a ^ b;
            case "not": return instruction.Has("pred") ? (a == 0 ? 1 : 0) : ~a;
            case "neg": return -a;
            case "abs": return Math.Abs(a);
            case "min": return Math.Min(x, y);
            case "max": return Math.Max(x, y);
            case "selp": return c != 0 ? a : b;
            case "setp": return Compare(instruction.Parts[1], x, y) ? 1 : 0;
            default: return null;
        }
    }

    private static bool Compare(string comparison, long a, long b) => comparison switch
    {
        "eq" => a == b,
        "ne" => a != b,
        "lt" or "lo" => a < b,
        "le" or "ls" => a <= b,
        "gt" or "hi" => a > b,
        _ => a >= b,
    };
}
