using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Hawq.Quantization.Rounding;

/// <summary>The two factorizations that rounding needs, in double by MathNet.Numerics, and a solver without a factorization for wide layers.</summary>
internal static class LinearAlgebra
{
    /// <summary>Up to here a layer's matrix is factored; wider ones are solved by conjugate gradients.</summary>
    public const int FactorLimit = 1200;

    private const int ConjugateGradientSteps = 15;

    /// <summary>
    /// The upper triangular R with R R^T = H[order, order], row by row: a Cholesky factorization from the last row to the first.
    /// </summary>
    public static float[] UpperFactor(QuadraticForm form, int[] order)
    {
        int size = form.Size;
        DenseMatrix flipped = DenseMatrix.Create(size, size, (i, j) => form.Matrix[((long)order[size - 1 - i] * form.Stride) + order[size - 1 - j]]);
        Matrix<double> factor = flipped.Cholesky().Factor;
        float[] upper = new float[(long)size * form.Stride];
        for (int i = 0; i < size; i++)
        {
            for (int j = i; j < size; j++)
            {
                upper[((long)i * form.Stride) + j] = (float)factor[size - 1 - i, size - 1 - j];
            }
        }

        return upper;
    }

    /// <summary>Rows x with x H = rows.</summary>
    public static double[] Solve(QuadraticForm form, double[] rows) =>
        form.Size <= FactorLimit ? SolveByFactor(form, rows) : SolveByConjugateGradients(form, rows);

    private static double[] SolveByFactor(QuadraticForm form, double[] rows)
    {
        int size = form.Size, count = rows.Length / form.Stride;
        DenseMatrix matrix = DenseMatrix.Create(size, size, (i, j) => form.Matrix[((long)i * form.Stride) + j]);
        DenseMatrix right = DenseMatrix.Create(size, count, (k, row) => rows[((long)row * form.Stride) + k]);
        Matrix<double> solution = matrix.Cholesky().Solve(right);
        double[] result = new double[rows.Length];
        for (int row = 0; row < count; row++)
        {
            for (int k = 0; k < size; k++)
            {
                result[((long)row * form.Stride) + k] = solution[k, row];
            }
        }

        return result;
    }

    /// <summary>Conjugate gradients for all rows at once, preconditioned by the diagonal (Jacobi).</summary>
    internal static double[] SolveByConjugateGradients(QuadraticForm form, double[] rows)
    {
        int stride = form.Stride, count = rows.Length / stride;
        double[] x = new double[rows.Length], r = (double[])rows.Clone(), z = Precondition(form, r), p = (double[])z.Clone();
        double[] rz = Dot(r, z, stride);
        for (int step = 0; step < ConjugateGradientSteps; step++)
        {
            float[] product = form.Multiply(Array.ConvertAll(p, v => (float)v));
            double[] curvature = Dot(p, Array.ConvertAll(product, v => (double)v), stride);
            for (int row = 0; row < count; row++)
            {
                double length = rz[row] / Math.Max(curvature[row], 1e-30);
                for (int k = row * stride; k < (row + 1) * stride; k++)
                {
                    x[k] += length * p[k];
                    r[k] -= length * product[k];
                }
            }

            z = Precondition(form, r);
            double[] next = Dot(r, z, stride);
            for (int row = 0; row < count; row++)
            {
                double ratio = next[row] / Math.Max(rz[row], 1e-30);
                for (int k = row * stride; k < (row + 1) * stride; k++)
                {
                    p[k] = z[k] + (ratio * p[k]);
                }
            }

            rz = next;
        }

        return x;
    }

    private static double[] Precondition(QuadraticForm form, double[] rows)
    {
        double[] result = new double[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int k = i % form.Stride;
            result[i] = k < form.Size ? rows[i] / form.Diagonal(k) : 0;
        }

        return result;
    }

    private static double[] Dot(double[] a, double[] b, int stride)
    {
        double[] sums = new double[a.Length / stride];
        for (int i = 0; i < a.Length; i++)
        {
            sums[i / stride] += a[i] * b[i];
        }

        return sums;
    }
}
