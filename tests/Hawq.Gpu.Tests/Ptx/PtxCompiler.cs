using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>
/// Turns one parsed instruction into a delegate. Meanings follow the PTX ISA manual, chapter "Instruction Set"; anything that is not
/// listed here is refused, never ignored.
/// </summary>
internal sealed partial class PtxCompiler(PtxLoader loader, PtxOperation instruction, string[] opcode, List<string> operands)
{
    private PtxType Type => PtxType.Parse(opcode[^1]);

    public void Compile()
    {
        switch (opcode[0])
        {
            case "mov" when operands[0].StartsWith('{') || operands[1].StartsWith('{'): MoveVector(); break;
            case "mov" or "cvta": Unary(a => a); break;
            case "cvt" when opcode[1] == "pack": ConvertPack(); break;
            case "cvt": Convert(); break;
            case "ld" or "ldu": Load(); break;
            case "st": Store(); break;
            case "add": Binary((a, b) => a + b); break;
            case "sub": Binary((a, b) => a - b); break;
            case "mul": Multiply(hasAddend: false); break;
            case "mad": Multiply(hasAddend: true); break;
            case "div": Binary(Type.Signed ? (a, b) => (ulong)((long)a / (long)b) : (a, b) => a / b); break;
            case "rem": Binary(Type.Signed ? (a, b) => (ulong)((long)a % (long)b) : (a, b) => a % b); break;
            case "min": Binary(Type.Signed ? (a, b) => (ulong)Math.Min((long)a, (long)b) : Math.Min); break;
            case "max": Binary(Type.Signed ? (a, b) => (ulong)Math.Max((long)a, (long)b) : Math.Max); break;
            case "and": Binary((a, b) => a & b); break;
            case "or": Binary((a, b) => a | b); break;
            case "xor": Binary((a, b) => a ^ b); break;
            case "not": Unary(a => ~a); break;
            case "neg": Unary(a => 0 - a); break;
            case "abs": Unary(a => (ulong)Math.Abs((long)a)); break;
            case "shl": ShiftLeft(); break;
            case "shr": ShiftRight(); break;
            case "setp": SetPredicate(); break;
            case "selp": Select(); break;
            case "prmt": Permute(); break;
            case "bfe": ExtractField(); break;
            case "bra": instruction.Target = operands[0]; break;
            case "ret" or "exit": instruction.Run = thread => thread.Exited = true; break;
            case "bar" or "barrier": instruction.Execution = PtxExecution.Block; break;
            case "membar" or "fence": instruction.Run = _ => { }; break;
            case "dp4a": DotProduct4(); break;
            case "mma": PtxCollectives.CompileMma(loader, instruction, opcode, operands); break;
            case "shfl": PtxCollectives.CompileShuffle(loader, instruction, opcode, operands); break;
            case "ldmatrix": PtxCollectives.CompileLoadMatrix(loader, instruction, opcode, operands); break;
            default: throw new PtxException($"Not supported: {instruction.Text}");
        }
    }

    private Func<PtxThread, ulong> Source(int index) => loader.Value(operands[index]);

    private void Assign(PtxType type, Func<PtxThread, ulong> value)
    {
        int destination = loader.Register(operands[0]);
        instruction.Run = thread => thread.Registers[destination] = type.Extend(value(thread));
    }

    private void Unary(Func<ulong, ulong> function)
    {
        Func<PtxThread, ulong> a = Source(1);
        PtxType type = Type;
        Assign(type, thread => function(type.Extend(a(thread))));
    }

    private void Binary(Func<ulong, ulong, ulong> function)
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2);
        PtxType type = Type;
        Assign(type, thread => function(type.Extend(a(thread)), type.Extend(b(thread))));
    }

    /// <summary>mov.b64 {lo, hi}, x and mov.b64 x, {lo, hi}.</summary>
    private void MoveVector()
    {
        int whole = Type.Bits;
        if (operands[0].StartsWith('{'))
        {
            int[] parts = Vector(operands[0]).Select(loader.Register).ToArray();
            Func<PtxThread, ulong> source = Source(1);
            int bits = whole / parts.Length;
            var part = new PtxType('b', bits);
            instruction.Run = thread =>
            {
                ulong value = source(thread);
                for (int i = 0; i < parts.Length; i++)
                {
                    thread.Registers[parts[i]] = part.Extend(value >> (bits * i));
                }
            };
        }
        else
        {
            Func<PtxThread, ulong>[] parts = Vector(operands[1]).Select(loader.Value).ToArray();
            int bits = whole / parts.Length;
            var part = new PtxType('b', bits);
            Assign(Type, thread =>
            {
                ulong value = 0;
                for (int i = 0; i < parts.Length; i++)
                {
                    value |= part.Extend(parts[i](thread)) << (bits * i);
                }

                return value;
            });
        }
    }

    private void Convert()
    {
        PtxType from = PtxType.Parse(opcode[^1]), to = PtxType.Parse(opcode[^2]);
        bool saturate = opcode.Contains("sat");
        Func<PtxThread, ulong> a = Source(1);
        Assign(to, thread => saturate ? (ulong)to.Clamp((long)from.Extend(a(thread))) : from.Extend(a(thread)));
    }

    /// <summary>cvt.pack.sat.{s8,u8,s4,u4}.s32.b32 d, a, b, c: packs sat(a), sat(b) below c shifted up (PTX ISA, "cvt.pack").</summary>
    private void ConvertPack()
    {
        PtxType to = PtxType.Parse(opcode[3]);
        int bits = to.Bits;
        Func<PtxThread, ulong> a = Source(1), b = Source(2), c = operands.Count > 3 ? Source(3) : _ => 0;
        ulong mask = (1UL << bits) - 1;
        Assign(new PtxType('b', 32), thread =>
            (((ulong)to.Clamp((int)a(thread)) & mask) << bits) | ((ulong)to.Clamp((int)b(thread)) & mask) | (c(thread) << (2 * bits)));
    }

    private void Multiply(bool hasAddend)
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2), c = hasAddend ? Source(3) : _ => 0;
        PtxType type = Type;
        string mode = opcode[1];
        PtxType result = mode == "wide" ? new PtxType(type.Kind, 2 * type.Bits) : type;
        Assign(result, thread =>
        {
            ulong x = type.Extend(a(thread)), y = type.Extend(b(thread));
            ulong product = mode != "hi" ? unchecked(x * y)
                : type.Bits < 64 ? type.Signed ? (ulong)((long)x * (long)y >> type.Bits) : (x * y) >> type.Bits
                : type.Signed ? (ulong)Math.BigMul((long)x, (long)y, out _) : Math.BigMul(x, y, out _);
            return product + result.Extend(c(thread));
        });
    }

    private void ShiftLeft()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2);
        PtxType type = Type;
        Assign(type, thread => (uint)b(thread) >= type.Bits ? 0 : a(thread) << (int)b(thread));
    }

    private void ShiftRight()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2);
        PtxType type = Type;
        Assign(type, thread =>
        {
            uint amount = (uint)b(thread);
            ulong value = type.Extend(a(thread));
            return type.Signed ? (ulong)((long)value >> (int)Math.Min(amount, 63)) : amount >= type.Bits ? 0 : value >> (int)amount;
        });
    }

    private void SetPredicate()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2);
        PtxType type = Type;
        Func<ulong, ulong, bool> compare = Comparison(opcode[1], type.Signed);
        string combine = opcode.Length == 4 ? opcode[2] : string.Empty;
        bool negated = combine.Length > 0 && operands[3].StartsWith('!');
        Func<PtxThread, ulong> other = combine.Length > 0 ? loader.Value(operands[3].TrimStart('!')) : _ => 0;
        Assign(PtxType.Predicate, thread =>
        {
            bool value = compare(type.Extend(a(thread)), type.Extend(b(thread)));
            bool with = ((other(thread) & 1) != 0) != negated;
            return (combine switch { "and" => value & with, "or" => value | with, "xor" => value ^ with, _ => value }) ? 1UL : 0;
        });
    }

    private Func<ulong, ulong, bool> Comparison(string name, bool signed) => name switch
    {
        "eq" => (x, y) => x == y,
        "ne" => (x, y) => x != y,
        "lt" or "lo" => signed ? (x, y) => (long)x < (long)y : (x, y) => x < y,
        "le" or "ls" => signed ? (x, y) => (long)x <= (long)y : (x, y) => x <= y,
        "gt" or "hi" => signed ? (x, y) => (long)x > (long)y : (x, y) => x > y,
        "ge" or "hs" => signed ? (x, y) => (long)x >= (long)y : (x, y) => x >= y,
        _ => throw new PtxException($"Not supported: {instruction.Text}"),
    };

    private void Select()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2), condition = Source(3);
        Assign(Type, thread => (condition(thread) & 1) != 0 ? a(thread) : b(thread));
    }

    /// <summary>prmt.b32: picks four of the eight bytes of {b, a}; the default mode, with sign replication.</summary>
    private void Permute()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2), selector = Source(3);
        Assign(Type, thread =>
        {
            ulong bytes = (uint)a(thread) | (b(thread) << 32), result = 0;
            uint select = (uint)selector(thread);
            for (int i = 0; i < 4; i++)
            {
                uint nibble = (select >> (4 * i)) & 15;
                ulong value = (bytes >> (8 * (int)(nibble & 7))) & 255;
                result |= ((nibble & 8) != 0 ? (value & 128) != 0 ? 255UL : 0 : value) << (8 * i);
            }

            return result;
        });
    }

    private void ExtractField()
    {
        Func<PtxThread, ulong> a = Source(1), position = Source(2), length = Source(3);
        PtxType type = Type;
        Assign(type, thread =>
        {
            int start = (int)(position(thread) & 255), count = (int)(length(thread) & 255);
            if (count == 0 || start >= type.Bits)
            {
                return 0;
            }

            count = Math.Min(count, type.Bits - start);
            return new PtxType(type.Kind, 64).Extend(type.Signed
                ? (ulong)((long)(a(thread) << (64 - start - count)) >> (64 - count))
                : a(thread) << (64 - start - count) >> (64 - count));
        });
    }

    /// <summary>dp4a.{u32,s32}.{u32,s32}: four products of bytes added to the third operand.</summary>
    private void DotProduct4()
    {
        Func<PtxThread, ulong> a = Source(1), b = Source(2), c = Source(3);
        var typeA = new PtxType(opcode[1][0], 8);
        var typeB = new PtxType(opcode[2][0], 8);
        Assign(new PtxType('b', 32), thread =>
        {
            ulong x = a(thread), y = b(thread), sum = c(thread);
            for (int i = 0; i < 4; i++)
            {
                sum += (ulong)((long)typeA.Extend(x >> (8 * i)) * (long)typeB.Extend(y >> (8 * i)));
            }

            return sum;
        });
    }

    private void Load()
    {
        PtxType type = Type;
        if (opcode[1] == "param")
        {
            (string name, long at) = ParseAddress(operands[1]);
            int position = checked(loader.ParameterOffset(name) + (int)at);
            int target = loader.Register(operands[0]);
            instruction.Run = thread => thread.Registers[target] = type.Extend(Read(thread.Block.Parameters.AsSpan(position, type.Bytes)));
            return;
        }

        int[] destinations = Vector(operands[0]).Select(loader.Register).ToArray();
        Func<PtxThread, ulong> address = Address(operands[1], type.Bytes * destinations.Length);
        string text = instruction.Text;
        string space = opcode[1];
        instruction.Run = thread =>
        {
            int length = type.Bytes * destinations.Length;
            ulong start = address(thread);
            ReadOnlySpan<byte> bytes = space switch
            {
                "global" => thread.Block.Memory.Access(start, length, text),
                "shared" => thread.Block.Shared.Read(start, length, thread.Index, text),
                "local" => thread.AccessLocal(start, length, text),
                _ => throw new PtxException($"An address of unknown space (compile with OptimizationLevel.O2): {text}"),
            };
            for (int i = 0; i < destinations.Length; i++)
            {
                thread.Registers[destinations[i]] = type.Extend(Read(bytes.Slice(i * type.Bytes, type.Bytes)));
            }
        };
    }

    private void Store()
    {
        PtxType type = Type;
        Func<PtxThread, ulong>[] sources = Vector(operands[1]).Select(loader.Value).ToArray();
        Func<PtxThread, ulong> address = Address(operands[0], type.Bytes * sources.Length);
        string text = instruction.Text;
        string space = opcode[1];
        instruction.Run = thread =>
        {
            int length = type.Bytes * sources.Length;
            ulong start = address(thread);
            Span<byte> bytes = space switch
            {
                "global" => thread.Block.Memory.Access(start, length, text),
                "shared" => thread.Block.Shared.Write(start, length, thread.Index, text),
                "local" => thread.AccessLocal(start, length, text),
                _ => throw new PtxException($"An address of unknown space (compile with OptimizationLevel.O2): {text}"),
            };
            for (int i = 0; i < sources.Length; i++)
            {
                Write(bytes.Slice(i * type.Bytes, type.Bytes), sources[i](thread));
            }
        };
    }

    private Func<PtxThread, ulong> Address(string operand, int alignment)
    {
        (string name, long offset) = ParseAddress(operand);
        Func<PtxThread, ulong> start = loader.Value(name);
        string text = instruction.Text;
        return thread =>
        {
            ulong address = start(thread) + (ulong)offset;
            return address % (ulong)alignment == 0 ? address : throw new PtxException($"Misaligned address {address}: {text}");
        };
    }

    internal static (string Name, long Offset) ParseAddress(string operand)
    {
        Match match = AddressPattern().Match(operand);
        return match.Success
            ? (match.Groups[1].Value, match.Groups[2].Success ? long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 0)
            : throw new PtxException($"'{operand}' is not an address.");
    }

    internal static string[] Vector(string operand) => operand.Trim('{', '}', ' ').Split(',', StringSplitOptions.TrimEntries);

    private static ulong Read(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    private static void Write(Span<byte> bytes, ulong value)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(value >> (8 * i));
        }
    }

    [GeneratedRegex(@"^\[([%\w$']+)(?:\+(-?\d+))?\]$")]
    private static partial Regex AddressPattern();
}
