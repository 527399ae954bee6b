using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>What global addresses mean.</summary>
public interface IPtxMemory
{
    /// <summary>The bytes of an access that lies within one allocation. Several blocks may ask at once.</summary>
    /// <exception cref="PtxException">It does not.</exception>
    Span<byte> Access(ulong address, int length, string instruction);
}

/// <summary>
/// Global memory of the machine. Allocations are 256-byte aligned, as CUDA's are, and stand apart, so that an access outside of one
/// is noticed.
/// </summary>
public sealed class GlobalMemory : IPtxMemory
{
    private const int Alignment = 256;
    private readonly List<(ulong Start, ulong End)> _allocations = [];
    private byte[] _bytes = new byte[1 << 16];
    private int _top = Alignment;
    private int _last; // the allocation accessed last, whoever accessed it: the next access is most likely there

    /// <summary>Reserves zeroed bytes and returns their address.</summary>
    public ulong Allocate(int bytes)
    {
        int start = _top;
        _top = (start + bytes + (2 * Alignment) - 1) / Alignment * Alignment;
        if (_top > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_top, 2 * _bytes.Length));
        }

        _allocations.Add(((ulong)start, (ulong)(start + bytes)));
        return (ulong)start;
    }

    /// <summary>Reserves and fills.</summary>
    public PtxBuffer Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ulong address = Allocate(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan((int)address));
        return new PtxBuffer(address, values.Length);
    }

    /// <summary>Reserves room for <paramref name="count"/> elements.</summary>
    public PtxBuffer Reserve<T>(int count)
        where T : unmanaged => new(Allocate(count * Unsafe.SizeOf<T>()), count);

    /// <summary>Copies a buffer back.</summary>
    public T[] Download<T>(PtxBuffer buffer)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(_bytes.AsSpan((int)buffer.Address, (int)buffer.Length * Unsafe.SizeOf<T>())).ToArray();

    /// <inheritdoc/>
    public Span<byte> Access(ulong address, int length, string instruction)
    {
        if (!Contains(_allocations[_last]))
        {
            int found = _allocations.FindIndex(Contains);
            if (found < 0)
            {
                throw new PtxException($"Global access of {length} bytes at {(long)address} is out of bounds: {instruction}");
            }

            _last = found;
        }

        return _bytes.AsSpan((int)address, length);

        bool Contains((ulong Start, ulong End) allocation) => address >= allocation.Start && address + (ulong)length <= allocation.End;
    }
}

/// <summary>A buffer argument: ILGPU passes an ArrayView as 16 bytes, address and element count.</summary>
public readonly record struct PtxBuffer(ulong Address, long Length);
