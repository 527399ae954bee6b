namespace Hawq.Gpu.Tests.Ptx;

/// <summary>
/// Shared memory of one thread block, with a race detector: between two barriers a byte may be written by one thread only, and
/// then read by no other; a byte read by a thread may not be written by another.
/// </summary>
public sealed class PtxSharedMemory(int bytes)
{
    private const int Several = -2;
    private readonly byte[] _bytes = new byte[bytes];
    private readonly int[] _writerEpoch = new int[bytes];
    private readonly int[] _writer = new int[bytes];
    private readonly int[] _readerEpoch = new int[bytes];
    private readonly int[] _reader = new int[bytes];
    private int _epoch = 1;

    /// <summary>All threads have passed a barrier: what lies before it is ordered.</summary>
    public void Barrier() => _epoch++;

    public ReadOnlySpan<byte> Read(ulong address, int length, int thread, string instruction)
    {
        Check(address, length, instruction);
        for (int i = (int)address; i < (int)address + length; i++)
        {
            if (_writerEpoch[i] == _epoch && _writer[i] != thread)
            {
                throw new PtxException($"Shared-memory race: thread {thread} reads byte {i} that thread {_writer[i]} wrote with no barrier between: {instruction}");
            }

            _reader[i] = _readerEpoch[i] == _epoch && _reader[i] != thread ? Several : thread;
            _readerEpoch[i] = _epoch;
        }

        return _bytes.AsSpan((int)address, length);
    }

    public Span<byte> Write(ulong address, int length, int thread, string instruction)
    {
        Check(address, length, instruction);
        for (int i = (int)address; i < (int)address + length; i++)
        {
            if (_writerEpoch[i] == _epoch && _writer[i] != thread)
            {
                throw new PtxException($"Shared-memory race: thread {thread} writes byte {i} that thread {_writer[i]} wrote with no barrier between: {instruction}");
            }

            if (_readerEpoch[i] == _epoch && _reader[i] != thread)
            {
                throw new PtxException($"Shared-memory race: thread {thread} writes byte {i} that another thread read with no barrier between: {instruction}");
            }

            _writer[i] = thread;
            _writerEpoch[i] = _epoch;
        }

        return _bytes.AsSpan((int)address, length);
    }

    private void Check(ulong address, int length, string instruction)
    {
        if (address > (ulong)_bytes.Length || address + (ulong)length > (ulong)_bytes.Length)
        {
            throw new PtxException($"Shared access of {length} bytes at {(long)address} is out of bounds ({_bytes.Length}): {instruction}");
        }
    }
}
