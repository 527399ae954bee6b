using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansSample;

/// <summary>Results by batch: each is recorded once, whatever number of times and in whatever order it arrives. Safe for several threads.</summary>
/// <param name="batches">Number of batches.</param>
internal sealed class Ledger(int batches)
{
    private readonly int[]?[] _logits = new int[batches][];
    private int _recorded;

    /// <summary>Number of batches that have a result.</summary>
    public int Recorded => Volatile.Read(ref _recorded);

    /// <summary>Records a result; false when the batch has one already.</summary>
    public bool Record(int batch, int[] logits)
    {
        if (Interlocked.CompareExchange(ref _logits[batch], logits, null) is not null)
        {
            return false;
        }

        Interlocked.Increment(ref _recorded);
        return true;
    }

    /// <summary>SHA-256 of all logits in the order of the images.</summary>
    /// <exception cref="InvalidOperationException">A batch has no result.</exception>
    public string Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < batches; i++)
        {
            hash.AppendData(MemoryMarshal.AsBytes((_logits[i] ?? throw new InvalidOperationException($"Batch {i} is lost.")).AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Number of logits in all.</summary>
    public long Count() => _logits.Sum(logits => (long)(logits?.Length ?? 0));
}
