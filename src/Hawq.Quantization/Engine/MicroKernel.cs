using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hawq.Quantization.Engine;

/// <summary>
/// The inner loop of everything dense here: y[p, o] = sum over k of x[p, k] * w[k, o]. Each output sums its products one by one in
/// ascending k with one rounding per step (fused multiply-add), so a result does not depend on the vector length of the machine, on tiling or
/// on threads; on integers it is exact while every partial sum stays below 2^24.
/// </summary>
internal static unsafe class MicroKernel
{
    /// <summary>Output channels are padded to a multiple of this.</summary>
    public static int ChannelStep => 2 * Vector<float>.Count;

    /// <summary>Rounds up to <see cref="ChannelStep"/>.</summary>
    public static int Pad(int channels) => (channels + ChannelStep - 1) / ChannelStep * ChannelStep;

    /// <summary>
    /// Computes (or with <paramref name="accumulate"/> adds to) <paramref name="pixels"/> rows of <paramref name="channels"/> outputs.
    /// </summary>
    /// <param name="x">First input of pixel 0.</param>
    /// <param name="step">Elements between pixels.</param>
    /// <param name="runs">Element offset of each run of consecutive inputs.</param>
    /// <param name="runCount">Number of runs.</param>
    /// <param name="runLength">Elements per run.</param>
    /// <param name="w">Weights [run][element][channel].</param>
    /// <param name="ldw">Elements between weight rows.</param>
    /// <param name="channels">Channels to compute, a multiple of <see cref="ChannelStep"/>.</param>
    /// <param name="y">Outputs.</param>
    /// <param name="ldy">Elements between output rows.</param>
    /// <param name="pixels">Rows.</param>
    /// <param name="accumulate">Whether to start from y instead of 0.</param>
    public static void Multiply(
        float* x, nint step, int* runs, int runCount, int runLength, float* w, nint ldw, nint channels, float* y, nint ldy, int pixels, bool accumulate)
    {
        for (nint o = 0; o < channels; o += ChannelStep)
        {
            int p = 0;
            for (; p + 8 <= pixels; p += 8)
            {
                Tile8(x + (p * step), step, runs, runCount, runLength, w + o, ldw, y + (p * ldy) + o, ldy, accumulate);
            }

            for (; p < pixels; p++)
            {
                Tile1(x + (p * step), runs, runCount, runLength, w + o, ldw, y + (p * ldy) + o, accumulate);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8(
        float* x, nint step, int* runs, int runCount, int runLength, float* w, nint ldw, float* y, nint ldy, bool accumulate)
    {
        int n = Vector<float>.Count;
        Vector<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        Vector<float> e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
        if (accumulate)
        {
            (a0, a1) = (Load(y), Load(y + n));
            (b0, b1) = (Load(y + ldy), Load(y + ldy + n));
            (c0, c1) = (Load(y + (2 * ldy)), Load(y + (2 * ldy) + n));
            (d0, d1) = (Load(y + (3 * ldy)), Load(y + (3 * ldy) + n));
            (e0, e1) = (Load(y + (4 * ldy)), Load(y + (4 * ldy) + n));
            (f0, f1) = (Load(y + (5 * ldy)), Load(y + (5 * ldy) + n));
            (g0, g1) = (Load(y + (6 * ldy)), Load(y + (6 * ldy) + n));
            (h0, h1) = (Load(y + (7 * ldy)), Load(y + (7 * ldy) + n));
        }

        for (int r = 0; r < runCount; r++)
        {
            float* xa = x + runs[r], xe = xa + (4 * step);
            for (int k = 0; k < runLength; k++)
            {
                Vector<float> w0 = Load(w), w1 = Load(w + n), v;
                v = new(xa[0]); a0 = Vector.FusedMultiplyAdd(v, w0, a0); a1 = Vector.FusedMultiplyAdd(v, w1, a1);
                v = new(xa[step]); b0 = Vector.FusedMultiplyAdd(v, w0, b0); b1 = Vector.FusedMultiplyAdd(v, w1, b1);
                v = new(xa[2 * step]); c0 = Vector.FusedMultiplyAdd(v, w0, c0); c1 = Vector.FusedMultiplyAdd(v, w1, c1);
                v = new(xa[3 * step]); d0 = Vector.FusedMultiplyAdd(v, w0, d0); d1 = Vector.FusedMultiplyAdd(v, w1, d1);
                v = new(xe[0]); e0 = Vector.FusedMultiplyAdd(v, w0, e0); e1 = Vector.FusedMultiplyAdd(v, w1, e1);
                v = new(xe[step]); f0 = Vector.FusedMultiplyAdd(v, w0, f0); f1 = Vector.FusedMultiplyAdd(v, w1, f1);
                v = new(xe[2 * step]); g0 = Vector.FusedMultiplyAdd(v, w0, g0); g1 = Vector.FusedMultiplyAdd(v, w1, g1);
                v = new(xe[3 * step]); h0 = Vector.FusedMultiplyAdd(v, w0, h0); h1 = Vector.FusedMultiplyAdd(v, w1, h1);
                xa++;
                xe++;
                w += ldw;
            }
        }

        Store(y, a0, a1);
        Store(y + ldy, b0, b1);
        Store(y + (2 * ldy), c0, c1);
        Store(y + (3 * ldy), d0, d1);
        Store(y + (4 * ldy), e0, e1);
        Store(y + (5 * ldy), f0, f1);
        Store(y + (6 * ldy), g0, g1);
        Store(y + (7 * ldy), h0, h1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(float* x, int* runs, int runCount, int runLength, float* w, nint ldw, float* y, bool accumulate)
    {
        int n = Vector<float>.Count;
        Vector<float> a0 = accumulate ? Load(y) : default, a1 = accumulate ? Load(y + n) : default;
        for (int r = 0; r < runCount; r++)
        {
            float* xr = x + runs[r];
            for (int k = 0; k < runLength; k++)
            {
                Vector<float> v = new(xr[k]);
                a0 = Vector.FusedMultiplyAdd(v, Load(w), a0);
                a1 = Vector.FusedMultiplyAdd(v, Load(w + n), a1);
                w += ldw;
            }
        }

        Store(y, a0, a1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Load(float* p) => Vector.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* p, Vector<float> low, Vector<float> high)
    {
        Vector.Store(low, p);
        Vector.Store(high, p + Vector<float>.Count);
    }
}
