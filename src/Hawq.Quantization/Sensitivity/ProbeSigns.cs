namespace Hawq.Quantization.Sensitivity;

/// <summary>Random signs from a seed: SplitMix64, so that they are the same on every machine and in every version.</summary>
internal struct ProbeSigns
{
    private ulong _state;
    private ulong _bits;
    private int _left;

    /// <summary>A stream of its own for every combination of the numbers.</summary>
    public ProbeSigns(ulong seed, int layer, int round, int batch)
    {
        _state = seed;
        foreach (int part in (ReadOnlySpan<int>)[layer, round, batch])
        {
            _state = Next() ^ (uint)part;
        }
    }

    /// <summary>values[i] = center[i] + size * (+1 or -1).</summary>
    public void Fill(Span<float> values, ReadOnlySpan<float> center, double size)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(center[i] + (Sign() * size));
        }
    }

    /// <summary>+1 or -1.</summary>
    public int Sign()
    {
        if (_left == 0)
        {
            (_bits, _left) = (Next(), 64);
        }

        int sign = (_bits & 1) == 0 ? -1 : 1;
        _bits >>= 1;
        _left--;
        return sign;
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
