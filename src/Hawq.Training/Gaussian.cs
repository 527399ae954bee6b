namespace Hawq.Training;

/// <summary>Normal random numbers from a seed, the same on every machine and in every version of .NET (SplitMix64, Box and Muller).</summary>
/// <param name="seed">Seed.</param>
/// <param name="stream">Number of an independent stream of the same seed.</param>
public sealed class Gaussian(int seed, int stream = 0)
{
    private ulong _state = ((ulong)(uint)seed << 32) ^ ((ulong)(uint)stream * 0xD1342543DE82EF95UL);

    /// <summary>Uniform in (0, 1).</summary>
    public double Uniform() => ((Next() >> 11) + .5) / (1UL << 53);

    /// <summary>Uniform integer from 0 to below <paramref name="end"/>.</summary>
    public int Below(int end) => (int)(Uniform() * end);

    /// <summary>Normal, mean 0, variance 1.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>Fills with normal numbers.</summary>
    public void Fill(Span<float> values, double deviation = 1)
    {
        foreach (ref float value in values)
        {
            value = (float)(deviation * Normal());
        }
    }

    /// <summary>A permutation of 0 .. count - 1.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
