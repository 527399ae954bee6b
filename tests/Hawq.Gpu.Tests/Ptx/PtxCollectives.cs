using System.Buffers.Binary;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>The instructions that a whole warp executes together.</summary>
internal static class PtxCollectives
{
    /// <summary>
    /// mma.sync.aligned.m8n8k16 (8-bit) and m8n8k32 (4-bit), integer. Fragments as in NVIDIA's PTX ISA manual, section 9.7.14.5, "Matrix Fragments for
    /// mma.m8n8k16" and "Matrix Fragments for mma.m8n8k32": each lane holds one 32-bit register of A and one of B with 4 (8) elements, lowest bits first.
    /// With group = lane >> 2 and place = lane % 4, element i of A is (row group, column place * 4 (8) + i), element i of B (row place * 4 (8) + i, column group),
    /// element i of C and D (row group, column place * 2 + i). Without .satfinite the sum wraps (section 9.7.14.5, "mma": ".satfinite").
    /// </summary>
    public static void CompileMma(PtxLoader loader, PtxOperation instruction, string[] opcode, List<string> operands)
    {
        int elementBits = opcode.Contains("m8n8k32") ? 4 : opcode.Contains("m8n8k16") ? 8 : throw new PtxException($"Not supported: {instruction.Text}");
        PtxType[] types = opcode.Select(part => PtxType.TryParse(part, out PtxType type) ? type : default).Where(type => type.Bits == elementBits).ToArray();
        if (types.Length != 2 || !opcode.Contains("row") || !opcode.Contains("col"))
        {
            throw new PtxException($"Not supported: {instruction.Text}");
        }

        bool saturate = opcode.Contains("satfinite");
        int[] destinations = PtxCompiler.Vector(operands[0]).Select(loader.Register).ToArray();
        Func<PtxThread, ulong> a = loader.Value(PtxCompiler.Vector(operands[1])[0]);
        Func<PtxThread, ulong> b = loader.Value(PtxCompiler.Vector(operands[2])[0]);
        Func<PtxThread, ulong>[] c = PtxCompiler.Vector(operands[3]).Select(loader.Value).ToArray();
        int perRegister = 32 / elementBits;

        instruction.Execution = PtxExecution.Warp;
        instruction.RunWarp = warp =>
        {
            Span<int> rows = stackalloc int[PtxThread.WarpSize * 8], columns = stackalloc int[PtxThread.WarpSize * 8];
            Span<long> sums = stackalloc long[PtxThread.WarpSize * 2];
            for (int lane = 0; lane < PtxThread.WarpSize; lane++)
            {
                ulong x = a(warp[lane]), y = b(warp[lane]);
                for (int i = 0; i < perRegister; i++)
                {
                    rows[(lane * perRegister) + i] = (int)types[0].Extend(x >> (elementBits * i));
                    columns[(lane * perRegister) + i] = (int)types[1].Extend(y >> (elementBits * i));
                }
            }

            int depth = 4 * perRegister;
            for (int lane = 0; lane < PtxThread.WarpSize; lane++)
            {
                for (int j = 0; j < 2; j++)
                {
                    int row = lane / 4, column = (lane % 4 * 2) + j;
                    long sum = (int)c[j](warp[lane]);
                    for (int k = 0; k < depth; k++)
                    {
                        sum += rows[(row * depth) + k] * columns[(column * depth) + k];
                    }

                    sums[(lane * 2) + j] = saturate ? Math.Clamp(sum, int.MinValue, int.MaxValue) : sum;
                }
            }

            for (int lane = 0; lane < PtxThread.WarpSize; lane++)
            {
                warp[lane].Registers[destinations[0]] = (uint)sums[lane * 2];
                warp[lane].Registers[destinations[1]] = (uint)sums[(lane * 2) + 1];
            }
        };
    }

    /// <summary>shfl.sync.{idx,bfly,up,down}.b32 over the full warp.</summary>
    public static void CompileShuffle(PtxLoader loader, PtxOperation instruction, string[] opcode, List<string> operands)
    {
        string mode = opcode.First(part => part is "idx" or "bfly" or "up" or "down");
        string[] targets = operands[0].Split('|');
        int destination = loader.Register(targets[0]);
        Func<PtxThread, ulong> value = loader.Value(operands[1]), lanes = loader.Value(operands[2]);
        instruction.Execution = PtxExecution.Warp;
        instruction.RunWarp = warp =>
        {
            ulong[] values = Array.ConvertAll(warp, thread => value(thread));
            foreach (PtxThread thread in warp)
            {
                int amount = (int)lanes(thread) & 31;
                int from = mode switch
                {
                    "idx" => amount,
                    "bfly" => thread.Lane ^ amount,
                    "up" => thread.Lane - amount,
                    _ => thread.Lane + amount,
                };
                thread.Registers[destination] = (uint)values[from is >= 0 and < PtxThread.WarpSize ? from : thread.Lane];
            }
        };
    }

    /// <summary>
    /// ldmatrix.sync.aligned.m8n8.x{1,2,4}.shared.b16: lanes 8k..8k+7 hold the row addresses of matrix k; lane l receives 32 bits of row
    /// l/4 (PTX ISA, "ldmatrix").
    /// </summary>
    public static void CompileLoadMatrix(PtxLoader loader, PtxOperation instruction, string[] opcode, List<string> operands)
    {
        if (opcode.Contains("trans") || !opcode.Contains("m8n8"))
        {
            throw new PtxException($"Not supported: {instruction.Text}");
        }

        int[] destinations = PtxCompiler.Vector(operands[0]).Select(loader.Register).ToArray();
        (string name, long offset) = PtxCompiler.ParseAddress(operands[1]);
        Func<PtxThread, ulong> address = loader.Value(name);
        string text = instruction.Text;
        instruction.Execution = PtxExecution.Warp;
        instruction.RunWarp = warp =>
        {
            for (int matrix = 0; matrix < destinations.Length; matrix++)
            {
                foreach (PtxThread thread in warp)
                {
                    ulong row = address(warp[(matrix * 8) + (thread.Lane / 4)]) + (ulong)offset;
                    if (row % 16 != 0)
                    {
                        throw new PtxException($"Misaligned row address {row}: {text}");
                    }

                    ReadOnlySpan<byte> bytes = thread.Block.Shared.Read(row + (ulong)(thread.Lane % 4 * 4), 4, thread.Index, text);
                    thread.Registers[destinations[matrix]] = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                }
            }
        };
    }
}
