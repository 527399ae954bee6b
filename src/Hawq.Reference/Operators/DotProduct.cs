namespace Hawq.Reference;

internal static class DotProduct
{
    /// <summary>bias + sum of w * x as an int32.</summary>
    /// <remarks>Summed in int64, which cannot overflow (39 bits a product), and checked once: int32 partial sums may wrap and come back.</remarks>
    public static int Accumulate(int bias, sbyte[] weights, int first, int[] values)
    {
        ReadOnlySpan<sbyte> w = weights.AsSpan(first, values.Length);
        long sum = bias;
        for (int i = 0; i < w.Length; i++)
        {
            sum += (long)w[i] * values[i];
        }

        return checked((int)sum);
    }
}
