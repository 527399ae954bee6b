namespace Hawq.Gpu.Tests.Ptx;

/// <summary>One thread: its registers, its place in the code, and what it waits for.</summary>
public sealed class PtxThread(int index, int registers, int localBytes, PtxBlock block, int branches)
{
    public const int WarpSize = 32;

    public int Index => index;

    public int Lane => index % WarpSize;

    public int Warp => index / WarpSize;

    public PtxBlock Block => block;

    public ulong[] Registers { get; } = new ulong[registers];

    public byte[] Local { get; } = new byte[localBytes];

    /// <summary>How often each uniform branch was reached, to compare like with like.</summary>
    public int[] UniformVisits { get; } = new int[branches];

    public int Next { get; set; }

    public bool Exited { get; set; }

    /// <summary>The bytes of an access to the thread's own memory.</summary>
    public Span<byte> AccessLocal(ulong address, int length, string instruction) => address + (ulong)length <= (ulong)localBytes
        ? Local.AsSpan((int)address, length)
        : throw new PtxException($"Local access of {length} bytes at {address} is out of bounds ({localBytes}): {instruction}");
}

/// <summary>One thread block.</summary>
public sealed class PtxBlock(
    int x, int y, int z, (int X, int Y, int Z) grid, int threads, int sharedBytes, IPtxMemory memory, byte[] parameters)
{
    public IPtxMemory Memory => memory;

    public byte[] Parameters => parameters;

    public int X => x;

    public int Y => y;

    public int Z => z;

    public (int X, int Y, int Z) Grid => grid;

    public int Threads => threads;

    public PtxSharedMemory Shared { get; } = new(sharedBytes);

    /// <summary>First direction seen for (warp, uniform branch, visit).</summary>
    public Dictionary<(int Warp, int Branch, int Visit), bool> UniformDirections { get; } = [];
}
