namespace Hawq.Quantization.Calibration;

/// <summary>
/// Streaming statistics of real values in constant memory: count, extremes, and a histogram of magnitudes. The bins divide [0, 2^k), where k grows
/// with the largest value seen by merging neighbours; so the result does not depend on the order of the values, nor on how they were split
/// among threads.
/// </summary>
public sealed class ValueHistogram
{
    /// <summary>Number of bins; at least half of them lie below the largest magnitude.</summary>
    public const int BinCount = 16384;

    private const int EmptyExponent = int.MinValue;

    private readonly long[] _bins = new long[BinCount];
    private int _exponent = EmptyExponent;
    private double _limit; // 2^exponent
    private double _binsPerUnit;

    /// <summary>Number of values.</summary>
    public long Count { get; private set; }

    /// <summary>Number of values that are exactly 0.</summary>
    public long Zeros { get; private set; }

    /// <summary>Smallest value, or 0 when there are none.</summary>
    public float Min { get; private set; }

    /// <summary>Largest value, or 0 when there are none.</summary>
    public float Max { get; private set; }

    /// <summary>Largest magnitude.</summary>
    public float MaxMagnitude => Math.Max(Max, -Min);

    /// <summary>Number of values that are not finite; they are in no other figure.</summary>
    public long NotFinite { get; private set; }

    /// <summary>Width of a bin.</summary>
    public double BinWidth => _exponent == EmptyExponent ? 0 : Math.ScaleB(1.0 / BinCount, _exponent);

    /// <summary>Counts of magnitudes in [i, i + 1) * <see cref="BinWidth"/>; zeros included.</summary>
    public ReadOnlySpan<long> Bins => _bins;

    /// <summary>A histogram from its figures, or null where they contradict each other.</summary>
    /// <param name="count">See <see cref="Count"/>.</param>
    /// <param name="zeros">See <see cref="Zeros"/>.</param>
    /// <param name="notFinite">See <see cref="NotFinite"/>.</param>
    /// <param name="min">See <see cref="Min"/>.</param>
    /// <param name="max">See <see cref="Max"/>.</param>
    /// <param name="bins"><see cref="BinCount"/> counts, none of them negative; their width follows from the largest magnitude.</param>
    internal static ValueHistogram? Restore(long count, long zeros, long notFinite, float min, float max, ReadOnlySpan<long> bins)
    {
        ValueHistogram histogram = new() { Count = count, Zeros = zeros, NotFinite = notFinite, Min = min, Max = max };
        UInt128 sum = 0;
        foreach (long bin in bins)
        {
            sum += (ulong)bin;
        }

        bool onlyZeros = histogram.MaxMagnitude == 0;
        if (sum != (ulong)count || min > max || zeros > bins[0] || onlyZeros != (zeros == count))
        {
            return null;
        }

        if (!onlyZeros)
        {
            histogram.Grow(ExponentOf(histogram.MaxMagnitude));
            if (bins[(int)(histogram.MaxMagnitude * histogram._binsPerUnit)] == 0 || bins[((int)(histogram.MaxMagnitude * histogram._binsPerUnit) + 1)..].ContainsAnyExcept(0))
            {
                return null;
            }
        }

        bins.CopyTo(histogram._bins);
        return histogram;
    }

    /// <summary>Adds values.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                NotFinite++;
                continue;
            }

            Min = Count == 0 ? value : Math.Min(Min, value);
            Max = Count == 0 ? value : Math.Max(Max, value);
            Count++;
            float magnitude = Math.Abs(value);
            if (magnitude == 0)
            {
                Zeros++;
                _bins[0]++;
                continue;
            }

            if (magnitude >= _limit)
            {
                Grow(ExponentOf(magnitude));
            }

            _bins[(int)(magnitude * _binsPerUnit)]++; // a power of two: exact
        }
    }

    /// <summary>Adds another histogram's values.</summary>
    public void Merge(ValueHistogram other)
    {
        NotFinite += other.NotFinite;
        if (other.Count == 0)
        {
            return;
        }

        Min = Count == 0 ? other.Min : Math.Min(Min, other.Min);
        Max = Count == 0 ? other.Max : Math.Max(Max, other.Max);
        Count += other.Count;
        Zeros += other.Zeros;
        if (other._exponent > _exponent)
        {
            Grow(other._exponent);
        }

        int shift = other._exponent == EmptyExponent ? 31 : Math.Min(_exponent - other._exponent, 31);
        for (int i = 0; i < BinCount; i++)
        {
            _bins[i >> shift] += other._bins[i];
        }
    }

    /// <summary>The exponent of the smallest power of two above a magnitude.</summary>
    private static int ExponentOf(float magnitude) => Math.ILogB(magnitude) + 1;

    private void Grow(int exponent)
    {
        int shift = _exponent == EmptyExponent ? 31 : Math.Min(exponent - _exponent, 31);
        _exponent = exponent;
        _limit = Math.ScaleB(1.0, exponent);
        _binsPerUnit = BinCount / _limit;
        for (int i = 1; i < BinCount; i++)
        {
            long count = _bins[i];
            _bins[i] = 0;
            _bins[i >> shift] += count;
        }
    }
}
