using System.Globalization;
using Hawq.Compilation.Ptx;

namespace Hawq.Cli.Gpu;

/// <summary>
/// Follows one warp through a kernel's PTX. Indices and conditions are computed (they depend on nothing but literals, the block and the thread), so that loops run as
/// often as they will and addresses are known; what is loaded, and everything that depends on it, stays unknown. Where lanes disagree the warp goes with most of them.
/// </summary>
/// <remarks>
/// Time is that of the warp alone: within a piece without branch or barrier an instruction starts when its operands are there, in any order, as the assembler
/// may arrange them; the next piece starts when all have started.
/// </remarks>
internal sealed class WarpTrace
{
    private const int Lanes = 32;
    private static readonly bool[] s_all = [.. Enumerable.Repeat(true, Lanes)];

    private readonly PtxModule _kernel;
    private readonly BlockCounts _counts;
    private readonly IReadOnlyDictionary<string, long> _parameters;
    private readonly Dictionary<string, long[]?> _values = [];
    private readonly Dictionary<string, long> _ready = [];
    private readonly Dictionary<string, long> _symbols = [];
    private readonly Dictionary<long, (long[]? Value, long Ready)> _locals = [];
    private readonly HashSet<string> _products = [];
    private readonly (int X, int Y) _block;
    private readonly int _warp;

    private WarpTrace(PtxModule kernel, IReadOnlyDictionary<string, long> parameters, (int X, int Y) block, int warp, BlockCounts counts)
    {
        _kernel = kernel;
        _parameters = parameters;
        _block = block;
        _warp = warp;
        _counts = counts;
    }

    /// <summary>Follows every warp of a block.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="parameters">By what stands in the brackets of <c>ld.param</c>: the number of pixels, addresses of buffers.</param>
    /// <param name="block">Which block.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="cacheBytes">The block's share of L1.</param>
    public static BlockCounts Block(PtxModule kernel, IReadOnlyDictionary<string, long> parameters, (int X, int Y) block, int threads, int cacheBytes)
    {
        BlockCounts counts = new(cacheBytes);
        for (int warp = 0; warp * Lanes < threads; warp++)
        {
            counts.Latency = Math.Max(counts.Latency, new WarpTrace(kernel, parameters, block, warp, counts).Run());
        }

        return counts;
    }

    private long Run()
    {
        long pieceStart = 0, latest = 0, issued = 0;
        int next = 0;
        while (next < _kernel.Instructions.Count)
        {
            PtxInstruction instruction = _kernel.Instructions[next++];
            bool[] active = Active(instruction);
            bool branch = instruction.Name == "bra";
            bool taken = Most(active);
            if (instruction.Name is "ret" or "exit" && taken)
            {
                break;
            }

            // A branch whose guard is false is issued too; other instructions are when any lane takes part.
            if (!branch && !Array.Exists(active, lane => lane))
            {
                continue;
            }

            bool productAdded = instruction.Name is "add" or "sub" && instruction.Operands.Skip(1).Any(_products.Contains);
            MachineCost cost = MachineCost.Of(instruction, productAdded);
            _counts.Add(instruction, cost);
            int latency = cost.Pipe == Pipe.Memory ? Access(instruction, active) : cost.Latency;
            long start = pieceStart;
            foreach (string source in instruction.Sources)
            {
                start = Math.Max(start, _ready.GetValueOrDefault(source));
            }


            // What the assembler removes (copies of loaded values at the head of a loop) makes nothing wait.
            latest = cost.Pipe == Pipe.None ? latest : Math.Max(latest, start);
            issued += cost.Count;
            long ready = instruction.Has("local") ? Local(instruction, start) : start + latency;
            Execute(instruction);
            foreach (string target in instruction.Targets)
            {
                _ready[target] = ready;
            }

            if (branch || instruction.Name is "bar" or "barrier")
            {
                pieceStart = Math.Max(pieceStart + issued, latest);
                issued = 0;
            }

            if (branch && taken)
            {
                next = _kernel.Labels[instruction.Operands[0]];
            }
        }

        return Math.Max(pieceStart + issued, Math.Max(latest, _ready.Values.DefaultIfEmpty(0).Max()));
    }

    private static bool Most(bool[] active) => active.Count(lane => lane) * 2 > Lanes;

    private bool[] Active(PtxInstruction instruction)
    {
        if (instruction.Guard is null)
        {
            return s_all;
        }

        bool[] active = new bool[Lanes];
        long[]? guard = _values.GetValueOrDefault(instruction.Guard);
        for (int lane = 0; lane < Lanes; lane++)
        {
            active[lane] = (guard is not null && guard[lane] != 0) != instruction.GuardNegated;
        }

        return active;
    }

    private int Access(PtxInstruction instruction, bool[] active)
    {
        int bytes = instruction.Name == "ldmatrix" ? 16 : int.Parse(instruction.Parts[^1].AsSpan(1), CultureInfo.InvariantCulture) / 8 * (instruction.Has("v4") ? 4 : instruction.Has("v2") ? 2 : 1);
        bool store = instruction.Name == "st";
        string operand = instruction.Operands[store ? 0 : 1];
        if (Address(operand) is not { } addresses)
        {
            // A table indexed by codes: a sector for every lane, of a table that fits into L1.
            return _counts.Table(active.Count(lane => lane));
        }

        // ldmatrix takes one row of 16 bytes from each lane's address; .x2 from 16 lanes, .x1 from 8.
        int lanes = instruction.Name != "ldmatrix" || instruction.Has("x4") ? Lanes : instruction.Has("x2") ? 16 : 8;
        long[] used = [.. addresses.Take(lanes).Where((_, lane) => active[lane])];
        return instruction.Has("global") ? _counts.Global(used, bytes, store) : _counts.Shared(used, bytes);
    }

    private long[]? Address(string operand)
    {
        string[] parts = operand.Trim('[', ']').Split('+');
        long offset = parts.Length > 1 ? long.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        return Value(parts[0].Trim())?.Select(value => value + offset).ToArray();
    }

    private long[]? Value(string operand)
    {
        if (char.IsAsciiDigit(operand[0]) || operand[0] == '-')
        {
            return Uniform(operand.StartsWith("0x", StringComparison.Ordinal)
                ? long.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : long.Parse(operand, CultureInfo.InvariantCulture));
        }

        switch (operand)
        {
            case "%tid.x":
                long[] threads = new long[Lanes];
                for (int lane = 0; lane < Lanes; lane++)
                {
                    threads[lane] = (_warp * Lanes) + lane;
                }

                return threads;
            case "%ctaid.x": return Uniform(_block.X);
            case "%ctaid.y": return Uniform(_block.Y);
            case "%ntid.x": return Uniform(_kernel.MaxThreads);
            case "%laneid": return Value("%tid.x")!.Select(thread => thread & (Lanes - 1)).ToArray();
        }

        if (operand.StartsWith("__", StringComparison.Ordinal))
        {
            // Arrays of shared memory and local variables; 64 kB apart keeps them distinct and leaves the banks as they are.
            return Uniform(_symbols.TryGetValue(operand, out long address) ? address : _symbols[operand] = _symbols.Count * (long)T4.SharedBytes);
        }

        return _values.GetValueOrDefault(operand);
    }

    private static long[] Uniform(long value)
    {
        long[] values = new long[Lanes];
        Array.Fill(values, value);
        return values;
    }

    /// <summary>
    /// The variables that ILGPU declares for results of inline PTX: the assembler keeps them in registers. Remembers what is stored, and returns when it is there.
    /// </summary>
    private long Local(PtxInstruction instruction, long start)
    {
        bool store = instruction.Name == "st";
        long address = Address(instruction.Operands[store ? 0 : 1])![0];
        if (store)
        {
            _locals[address] = (Value(instruction.Operands[1]), start);
            return start;
        }

        return Math.Max(start, _locals.GetValueOrDefault(address).Ready);
    }

    private void Execute(PtxInstruction instruction)
    {
        if (instruction.Targets.Count == 0)
        {
            return;
        }

        string target = instruction.Operands[0];
        _products.Remove(target);
        if (instruction.Name == "mul")
        {
            _products.Add(target);
        }

        if (instruction is { Name: "ld" } && instruction.Has("param"))
        {
            string name = instruction.Operands[1].Trim('[', ']');
            _values[target] = _parameters.TryGetValue(name, out long value) ? Uniform(value) : null;
            return;
        }

        if (instruction is { Name: "ld" } && instruction.Has("local"))
        {
            _values[target] = _locals.GetValueOrDefault(Address(instruction.Operands[1])![0]).Value;
            return;
        }

        long[]?[] sources = [.. instruction.Operands.Skip(1).Select(operand => operand[0] is '{' or '[' ? null : Value(operand))];
        long[]? result = Array.Exists(sources, source => source is null) ? null : ScalarPtx.Evaluate(instruction, sources!);
        if (instruction.Guard is not null && instruction.Name != "setp")
        {
            result = null;
        }

        foreach (string register in instruction.Targets)
        {
            _values[register] = result;
        }
    }
}
