using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansSample;

/// <summary>Results by batch: each is recorded once, whatever number of times and in whatever order it arrives. Safe for several threads.</summary>
/// <typeparam name="T">Element of a result.</typeparam>
/// <param name="batches">Number of batches.</param>
internal sealed class Ledger<T>(int batches)
    where T : unmanaged
{
    private readonly T[]?[] _results = new T[batches][];
    private int _recorded;

    /// <summary>Number of batches that have a result.</summary>
    public int Recorded => Volatile.Read(ref _recorded);

    /// <summary>The result of a batch.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public T[] this[int batch] => _results[batch] ?? throw new InvalidOperationException($"Batch {batch} is lost.");

    /// <summary>Records a result; false when the batch has one already.</summary>
    public bool Record(int batch, T[] result)
    {
        if (Interlocked.CompareExchange(ref _results[batch], result, null) is not null)
        {
            return false;
        }

        Interlocked.Increment(ref _recorded);
        return true;
    }

    /// <summary>SHA-256 of all results in the order of the batches.</summary>
    /// <exception cref="InvalidOperationException">A batch has no result.</exception>
    public string Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < batches; i++)
        {
            hash.AppendData(MemoryMarshal.AsBytes(this[i].AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Number of elements in all.</summary>
    public long Count() => _results.Sum(result => (long)(result?.Length ?? 0));
}
