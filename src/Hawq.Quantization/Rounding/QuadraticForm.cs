using System.Numerics;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Rounding;

/// <summary>
/// The layer loss of second-order rounding: for a row of weight errors d, d^T H d with a positive definite H is the (damped) mean squared error of the layer's
/// output. Rows are padded to the stride of H.
/// </summary>
/// <param name="matrix">H, <paramref name="stride"/> x <paramref name="stride"/>, zero in the padding.</param>
/// <param name="size">K.</param>
/// <param name="stride">Padded K.</param>
internal sealed unsafe class QuadraticForm(float[] matrix, int size, int stride)
{
    private (int[] Order, float[] Upper)? _factor;

    /// <summary>K.</summary>
    public int Size => size;

    /// <summary>Padded K.</summary>
    public int Stride => stride;

    /// <summary>H.</summary>
    public float[] Matrix => matrix;

    /// <summary>
    /// Columns by descending diagonal (equal ones keep their order), and H in that order as R R^T with R upper triangular; computed once, at first use.
    /// </summary>
    public (int[] Order, float[] Upper) Factor => _factor ??= Factorize();

    /// <summary>H's diagonal element.</summary>
    public float Diagonal(int k) => matrix[((long)k * stride) + k];

    private (int[] Order, float[] Upper) Factorize()
    {
        int[] order = [.. Enumerable.Range(0, size).OrderByDescending(Diagonal)];
        return (order, LinearAlgebra.UpperFactor(this, order));
    }

    /// <summary>Row k of H.</summary>
    public ReadOnlySpan<float> Row(int k) => matrix.AsSpan(checked((int)((long)k * stride)), stride);

    /// <summary>The plain squared error of the same size.</summary>
    public QuadraticForm Identity()
    {
        float[] identity = new float[matrix.Length];
        for (int k = 0; k < size; k++)
        {
            identity[((long)k * stride) + k] = 1;
        }

        return new QuadraticForm(identity, size, stride);
    }

    /// <summary>Rows times H.</summary>
    public float[] Multiply(float[] rows)
    {
        float[] result = new float[rows.Length];
        int run = 0;
        fixed (float* x = rows, h = matrix, y = result)
        {
            MicroKernel.Multiply(x, stride, &run, 1, size, h, stride, stride, y, stride, rows.Length / stride, false);
        }

        return result;
    }

    /// <summary>d^T H d for every row of <paramref name="a"/> - <paramref name="b"/>.</summary>
    public double[] Loss(float[] a, float[] b)
    {
        float[] difference = new float[a.Length];
        for (int i = 0; i < a.Length; i++)
        {
            difference[i] = a[i] - b[i];
        }

        return Dot(Multiply(difference), difference);
    }

    /// <summary>Row-wise inner products.</summary>
    public double[] Dot(float[] a, float[] b)
    {
        double[] sums = new double[a.Length / stride];
        for (int row = 0; row < sums.Length; row++)
        {
            for (int k = row * stride; k < (row * stride) + size; k++)
            {
                sums[row] += (double)a[k] * b[k];
            }
        }

        return sums;
    }

    /// <summary>target += factor * row, over whole vectors (the rows are padded).</summary>
    public static void AddScaled(Span<float> target, ReadOnlySpan<float> row, float factor)
    {
        Vector<float> scale = new(factor);
        for (int i = 0; i < target.Length; i += Vector<float>.Count)
        {
            Vector.FusedMultiplyAdd(scale, new Vector<float>(row[i..]), new Vector<float>(target[i..])).CopyTo(target[i..]);
        }
    }
}
