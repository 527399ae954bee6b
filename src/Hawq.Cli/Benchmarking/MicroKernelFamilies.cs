using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hawq.Cli.Benchmarking;

/// <summary>How a family multiplies and adds in one turn of its loop: the codes and weights of up to three steps, of which it takes <see cref="Window"/>.</summary>
internal interface IMicroKernel
{
    /// <summary>Steps of four codes (of two, where products are of int16) per turn.</summary>
    static abstract int Window { get; }

    /// <summary>The products of a turn, which <see cref="Sum"/> adds: apart, because generated kernels compute some products ahead of the sums (VectorTier.ProductOrder).</summary>
    static abstract Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2);

    /// <summary>Widens the products of a turn, where the family sums them in int16 first.</summary>
    static virtual Vector512<int> Widen(Vector512<int> products) => products;

    /// <summary>Adds products to a sum, in the lanes of the family.</summary>
    static virtual Vector512<int> Sum(Vector512<int> sum, Vector512<int> products) => sum + products;

    /// <summary>Adds the products of a turn of at most two steps.</summary>
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1);
}

/// <summary>vpmaddubsw + vpaddw, without spills.</summary>
internal readonly struct Lanes16 : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 1;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        Avx512BW.MultiplyAddAdjacent(x0, w0).AsInt32();

    /// <inheritdoc/>
    public static Vector512<int> Sum(Vector512<int> sum, Vector512<int> products) => (sum.AsInt16() + products.AsInt16()).AsInt32();

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        (sum.AsInt16() + Avx2.MultiplyAddAdjacent(x0, w0)).AsInt32();
}

/// <summary>One widening per step.</summary>
internal readonly struct Tree1 : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 1;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        Avx512BW.MultiplyAddAdjacent(x0, w0).AsInt32();

    /// <inheritdoc/>
    public static Vector512<int> Widen(Vector512<int> products) => Avx512BW.MultiplyAddAdjacent(products.AsInt16(), Vector512.Create((short)1));

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x0, w0), Vector256.Create((short)1));
}

/// <summary>One widening per two steps.</summary>
internal readonly struct Tree2 : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 2;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        (Avx512BW.MultiplyAddAdjacent(x0, w0) + Avx512BW.MultiplyAddAdjacent(x1, w1)).AsInt32();

    /// <inheritdoc/>
    public static Vector512<int> Widen(Vector512<int> products) => Avx512BW.MultiplyAddAdjacent(products.AsInt16(), Vector512.Create((short)1));

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x0, w0) + Avx2.MultiplyAddAdjacent(x1, w1), Vector256.Create((short)1));
}

/// <summary>One widening per three steps.</summary>
internal readonly struct Tree3 : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 3;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        (Avx512BW.MultiplyAddAdjacent(x0, w0) + Avx512BW.MultiplyAddAdjacent(x1, w1) + Avx512BW.MultiplyAddAdjacent(x2, w2)).AsInt32();

    /// <inheritdoc/>
    public static Vector512<int> Widen(Vector512<int> products) => Avx512BW.MultiplyAddAdjacent(products.AsInt16(), Vector512.Create((short)1));

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        throw new NotSupportedException();
}

/// <summary>vpdpbusd of AVX-VNNI.</summary>
internal readonly struct Dot : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 1;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        AvxVnni.MultiplyWideningAndAdd(sum, x0, w0);
}

/// <summary>Two vpmaddwd per step: even and odd codes.</summary>
internal readonly struct Wide : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 1;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        Avx512BW.MultiplyAddAdjacent((x0.AsInt16() & Vector512.Create((short)255)), w0.AsInt16())
        + Avx512BW.MultiplyAddAdjacent((x0.AsUInt16() >>> 8).AsInt16(), w0.AsInt16());

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        sum + Avx2.MultiplyAddAdjacent((x0.AsInt16() & Vector256.Create((short)255)), w0.AsInt16())
        + Avx2.MultiplyAddAdjacent((x0.AsUInt16() >>> 8).AsInt16(), w0.AsInt16());
}

/// <summary>vpmaddwd on int16: Winograd's products.</summary>
internal readonly struct Pairs : IMicroKernel
{
    /// <inheritdoc/>
    public static int Window => 1;

    /// <inheritdoc/>
    public static Vector512<int> Products(
        Vector512<byte> x0, Vector512<byte> x1, Vector512<byte> x2, Vector512<sbyte> w0, Vector512<sbyte> w1, Vector512<sbyte> w2) =>
        Avx512BW.MultiplyAddAdjacent(x0.AsInt16(), w0.AsInt16());

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> x0, Vector256<byte> x1, Vector256<sbyte> w0, Vector256<sbyte> w1) =>
        sum + Avx2.MultiplyAddAdjacent(x0.AsInt16(), w0.AsInt16());
}
