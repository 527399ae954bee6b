using Hawq.Compilation.Ptx;

namespace Hawq.Cli.Gpu;

/// <summary>What one block of threads does, counted while its warps are followed through the PTX.</summary>
internal sealed class BlockCounts
{
    private readonly Dictionary<long, LinkedListNode<long>> _sectors = [];
    private readonly LinkedList<long> _recent = new();
    private readonly int _cachedSectors;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="cacheBytes">The block's share of L1.</param>
    public BlockCounts(int cacheBytes) => _cachedSectors = cacheBytes / T4.SectorBytes;

    /// <summary>Warp instructions issued.</summary>
    public long Issued { get; private set; }

    /// <summary>Cycles of the integer pipes.</summary>
    public long IntegerCycles { get; private set; }

    /// <summary>Cycles of the multiply pipes.</summary>
    public long MultiplyCycles { get; private set; }

    /// <summary>mma instructions.</summary>
    public long Mma { get; private set; }

    /// <summary>dp4a instructions.</summary>
    public long Dp4a { get; private set; }

    /// <summary>Bytes between registers and shared memory or L1, bank conflicts and unused parts of sectors included.</summary>
    public long SharedBytes { get; private set; }

    /// <summary>Bytes between L1 and L2.</summary>
    public long L2Bytes { get; private set; }

    /// <summary>Cycles from the first to the last instruction of the slowest warp, were it alone.</summary>
    public long Latency { get; set; }

    /// <summary>Counts an instruction of a warp.</summary>
    public void Add(PtxInstruction instruction, MachineCost cost)
    {
        Issued += cost.Count;
        switch (cost.Pipe)
        {
            case Pipe.Integer: IntegerCycles += cost.Count * T4.PipeCycles; break;
            case Pipe.Multiply: MultiplyCycles += cost.Count * T4.PipeCycles; break;
            case Pipe.Tensor: Mma++; break;
        }

        Dp4a += instruction.Name == "dp4a" ? 1 : 0;
    }

    /// <summary>Counts a shared-memory access and returns its latency.</summary>
    /// <param name="addresses">Address of every lane that takes part.</param>
    /// <param name="bytes">Bytes of a lane.</param>
    public int Shared(ReadOnlySpan<long> addresses, int bytes)
    {
        // Lanes are served together as long as no two of them want different words of a bank; 16-byte accesses are served 8 lanes at a time, 8-byte accesses 16.
        int together = T4.Banks * 4 / bytes;
        Span<int> wanted = stackalloc int[T4.Banks];
        for (int first = 0; first < addresses.Length; first += together)
        {
            HashSet<long> words = [];
            wanted.Clear();
            int most = 0;
            for (int lane = first; lane < Math.Min(first + together, addresses.Length); lane++)
            {
                for (long word = addresses[lane] / 4; word < (addresses[lane] + bytes + 3) / 4; word++)
                {
                    ref int bank = ref wanted[(int)(word & (T4.Banks - 1))];
                    most = Math.Max(most, words.Add(word) ? ++bank : bank);
                }
            }

            SharedBytes += most * T4.Banks * 4L;
        }

        return T4.SharedLatency;
    }

    /// <summary>Counts a global access and returns its latency.</summary>
    /// <param name="addresses">Address of every lane that takes part.</param>
    /// <param name="bytes">Bytes of a lane.</param>
    /// <param name="store">Stores go through to L2, a whole sector for any part of it.</param>
    public int Global(ReadOnlySpan<long> addresses, int bytes, bool store)
    {
        HashSet<long> sectors = [];
        foreach (long address in addresses)
        {
            for (long sector = address / T4.SectorBytes; sector <= (address + bytes - 1) / T4.SectorBytes; sector++)
            {
                sectors.Add(sector);
            }
        }

        SharedBytes += Math.Max(sectors.Count * T4.SectorBytes, addresses.Length * (long)bytes);
        int missed = store ? sectors.Count : sectors.Count(sector => !Touch(sector));
        L2Bytes += missed * T4.SectorBytes;
        return missed > 0 ? T4.L2Latency : T4.L1Latency;
    }

    /// <summary>Counts a look-up in a table that is in L1, at places that are not known, and returns its latency.</summary>
    /// <param name="lanes">Lanes that take part.</param>
    public int Table(int lanes)
    {
        SharedBytes += lanes * T4.SectorBytes;
        return T4.L1Latency;
    }

    /// <summary>Whether a sector is in the block's part of L1; the least recently used one makes room for it.</summary>
    private bool Touch(long sector)
    {
        if (_sectors.TryGetValue(sector, out LinkedListNode<long>? node))
        {
            _recent.Remove(node);
            _recent.AddFirst(node);
            return true;
        }

        _sectors.Add(sector, _recent.AddFirst(sector));
        if (_recent.Count > _cachedSectors)
        {
            _sectors.Remove(_recent.Last!.Value);
            _recent.RemoveLast();
        }

        return false;
    }
}
