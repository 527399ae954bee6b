using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hawq.Cli.Benchmarking;

/// <summary>A tile of seven pixels by two 64-byte vectors.</summary>
internal static unsafe class MicroKernels512
{
    /// <summary>Pixels of the tile.</summary>
    public const int Pixels = 7;

    /// <summary>Outputs of the tile.</summary>
    public const int Outputs = Pixels * 2 * 16;

    /// <summary>One tile. Codes of a pixel are 192 bytes from the next one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Run<T>(nint codes, nint weights, int steps)
        where T : struct, IMicroKernel
    {
        Vector512<int> c00 = default, c10 = default, c20 = default, c30 = default, c40 = default, c50 = default, c60 = default;
        Vector512<int> c01 = default, c11 = default, c21 = default, c31 = default, c41 = default, c51 = default, c61 = default;
        byte* a = (byte*)codes;
        sbyte* w = (sbyte*)weights;
        for (int turn = 0; turn < KernelPeak.Turns; turn++, a = (byte*)codes, w = (sbyte*)weights)
        {
            for (int k = 0; k < steps; k += T.Window, a += 4 * T.Window, w += 128 * T.Window)
            {
                Vector512<sbyte> w00 = Vector512.Load(w);
                Vector512<sbyte> w01 = Vector512.Load(w + 64);
                Vector512<sbyte> w10 = T.Window > 1 ? Vector512.Load(w + 128) : default;
                Vector512<sbyte> w11 = T.Window > 1 ? Vector512.Load(w + 192) : default;
                Vector512<sbyte> w20 = T.Window > 2 ? Vector512.Load(w + 256) : default;
                Vector512<sbyte> w21 = T.Window > 2 ? Vector512.Load(w + 320) : default;
                Vector512<int> p0, p1;
                Vector512<byte> x00 = Vector512.Create(*(int*)(a)).AsByte();
                Vector512<byte> x01 = T.Window > 1 ? Vector512.Create(*(int*)(a + 4)).AsByte() : default;
                Vector512<byte> x02 = T.Window > 2 ? Vector512.Create(*(int*)(a + 8)).AsByte() : default;
                p0 = T.Products(x00, x01, x02, w00, w10, w20);
                p1 = T.Products(x00, x01, x02, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c00 = T.Sum(c00, p0);
                c01 = T.Sum(c01, p1);
                Vector512<byte> x10 = Vector512.Create(*(int*)(a + 192)).AsByte();
                Vector512<byte> x11 = T.Window > 1 ? Vector512.Create(*(int*)(a + 196)).AsByte() : default;
                Vector512<byte> x12 = T.Window > 2 ? Vector512.Create(*(int*)(a + 200)).AsByte() : default;
                p0 = T.Products(x10, x11, x12, w00, w10, w20);
                p1 = T.Products(x10, x11, x12, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c10 = T.Sum(c10, p0);
                c11 = T.Sum(c11, p1);
                Vector512<byte> x20 = Vector512.Create(*(int*)(a + 384)).AsByte();
                Vector512<byte> x21 = T.Window > 1 ? Vector512.Create(*(int*)(a + 388)).AsByte() : default;
                Vector512<byte> x22 = T.Window > 2 ? Vector512.Create(*(int*)(a + 392)).AsByte() : default;
                p0 = T.Products(x20, x21, x22, w00, w10, w20);
                p1 = T.Products(x20, x21, x22, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c20 = T.Sum(c20, p0);
                c21 = T.Sum(c21, p1);
                Vector512<byte> x30 = Vector512.Create(*(int*)(a + 576)).AsByte();
                Vector512<byte> x31 = T.Window > 1 ? Vector512.Create(*(int*)(a + 580)).AsByte() : default;
                Vector512<byte> x32 = T.Window > 2 ? Vector512.Create(*(int*)(a + 584)).AsByte() : default;
                p0 = T.Products(x30, x31, x32, w00, w10, w20);
                p1 = T.Products(x30, x31, x32, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c30 = T.Sum(c30, p0);
                c31 = T.Sum(c31, p1);
                Vector512<byte> x40 = Vector512.Create(*(int*)(a + 768)).AsByte();
                Vector512<byte> x41 = T.Window > 1 ? Vector512.Create(*(int*)(a + 772)).AsByte() : default;
                Vector512<byte> x42 = T.Window > 2 ? Vector512.Create(*(int*)(a + 776)).AsByte() : default;
                p0 = T.Products(x40, x41, x42, w00, w10, w20);
                p1 = T.Products(x40, x41, x42, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c40 = T.Sum(c40, p0);
                c41 = T.Sum(c41, p1);
                Vector512<byte> x50 = Vector512.Create(*(int*)(a + 960)).AsByte();
                Vector512<byte> x51 = T.Window > 1 ? Vector512.Create(*(int*)(a + 964)).AsByte() : default;
                Vector512<byte> x52 = T.Window > 2 ? Vector512.Create(*(int*)(a + 968)).AsByte() : default;
                p0 = T.Products(x50, x51, x52, w00, w10, w20);
                p1 = T.Products(x50, x51, x52, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c50 = T.Sum(c50, p0);
                c51 = T.Sum(c51, p1);
                Vector512<byte> x60 = Vector512.Create(*(int*)(a + 1152)).AsByte();
                Vector512<byte> x61 = T.Window > 1 ? Vector512.Create(*(int*)(a + 1156)).AsByte() : default;
                Vector512<byte> x62 = T.Window > 2 ? Vector512.Create(*(int*)(a + 1160)).AsByte() : default;
                p0 = T.Products(x60, x61, x62, w00, w10, w20);
                p1 = T.Products(x60, x61, x62, w01, w11, w21);
                p0 = T.Widen(p0);
                p1 = T.Widen(p1);
                c60 = T.Sum(c60, p0);
                c61 = T.Sum(c61, p1);
            }
        }

        return Vector512.Sum(c00 + c01 + c10 + c11 + c20 + c21 + c30 + c31 + c40 + c41 + c50 + c51 + c60 + c61);
    }

    /// <summary>One tile of a family that takes one step per turn and widens nothing, in the order of generated kernels: five products ahead, then four by four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long RunAhead<T>(nint codes, nint weights, int steps)
        where T : struct, IMicroKernel
    {
        Vector512<int> c00 = default, c10 = default, c20 = default, c30 = default, c40 = default, c50 = default, c60 = default;
        Vector512<int> c01 = default, c11 = default, c21 = default, c31 = default, c41 = default, c51 = default, c61 = default;
        byte* a = (byte*)codes;
        sbyte* w = (sbyte*)weights;
        for (int turn = 0; turn < KernelPeak.Turns; turn++, a = (byte*)codes, w = (sbyte*)weights)
        {
            for (int k = 0; k < steps; k++, a += 4, w += 128)
            {
                Vector512<sbyte> w0 = Vector512.Load(w);
                Vector512<sbyte> w1 = Vector512.Load(w + 64);
                Vector512<byte> x0 = Vector512.Create(*(int*)(a)).AsByte();
                Vector512<int> p00 = T.Products(x0, default, default, w0, default, default);
                Vector512<int> p01 = T.Products(x0, default, default, w1, default, default);
                Vector512<byte> x1 = Vector512.Create(*(int*)(a + 192)).AsByte();
                Vector512<int> p10 = T.Products(x1, default, default, w0, default, default);
                Vector512<int> p11 = T.Products(x1, default, default, w1, default, default);
                Vector512<byte> x2 = Vector512.Create(*(int*)(a + 384)).AsByte();
                Vector512<int> p20 = T.Products(x2, default, default, w0, default, default);
                Vector512<int> p21 = T.Products(x2, default, default, w1, default, default);
                Vector512<byte> x3 = Vector512.Create(*(int*)(a + 576)).AsByte();
                Vector512<int> p30 = T.Products(x3, default, default, w0, default, default);
                Vector512<int> p31 = T.Products(x3, default, default, w1, default, default);
                Vector512<byte> x4 = Vector512.Create(*(int*)(a + 768)).AsByte();
                Vector512<int> p40 = T.Products(x4, default, default, w0, default, default);
                c00 = T.Sum(c00, p00);
                c01 = T.Sum(c01, p01);
                c10 = T.Sum(c10, p10);
                c11 = T.Sum(c11, p11);
                Vector512<int> p41 = T.Products(x4, default, default, w1, default, default);
                Vector512<byte> x5 = Vector512.Create(*(int*)(a + 960)).AsByte();
                Vector512<int> p50 = T.Products(x5, default, default, w0, default, default);
                Vector512<int> p51 = T.Products(x5, default, default, w1, default, default);
                Vector512<byte> x6 = Vector512.Create(*(int*)(a + 1152)).AsByte();
                Vector512<int> p60 = T.Products(x6, default, default, w0, default, default);
                c20 = T.Sum(c20, p20);
                c21 = T.Sum(c21, p21);
                c30 = T.Sum(c30, p30);
                c31 = T.Sum(c31, p31);
                Vector512<int> p61 = T.Products(x6, default, default, w1, default, default);
                c40 = T.Sum(c40, p40);
                c41 = T.Sum(c41, p41);
                c50 = T.Sum(c50, p50);
                c51 = T.Sum(c51, p51);
                c60 = T.Sum(c60, p60);
                c61 = T.Sum(c61, p61);
            }
        }

        return Vector512.Sum(c00 + c01 + c10 + c11 + c20 + c21 + c30 + c31 + c40 + c41 + c50 + c51 + c60 + c61);
    }
}

/// <summary>A tile of five pixels by two 32-byte vectors: VEX instructions have sixteen registers.</summary>
internal static unsafe class MicroKernels256
{
    /// <summary>Outputs of the tile.</summary>
    public const int Outputs = 5 * 2 * 8;

    /// <summary>One tile. Codes of a pixel are 192 bytes from the next one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Run<T>(nint codes, nint weights, int steps)
        where T : struct, IMicroKernel
    {
        Vector256<int> c00 = default, c10 = default, c20 = default, c30 = default, c40 = default;
        Vector256<int> c01 = default, c11 = default, c21 = default, c31 = default, c41 = default;
        byte* a = (byte*)codes;
        sbyte* w = (sbyte*)weights;
        for (int turn = 0; turn < KernelPeak.Turns; turn++, a = (byte*)codes, w = (sbyte*)weights)
        {
            for (int k = 0; k < steps; k += T.Window, a += 4 * T.Window, w += 64 * T.Window)
            {
                Vector256<sbyte> w00 = Vector256.Load(w);
                Vector256<sbyte> w01 = Vector256.Load(w + 32);
                Vector256<sbyte> w10 = T.Window > 1 ? Vector256.Load(w + 64) : default;
                Vector256<sbyte> w11 = T.Window > 1 ? Vector256.Load(w + 96) : default;
                Vector256<byte> x00 = Vector256.Create(*(int*)(a)).AsByte();
                Vector256<byte> x01 = T.Window > 1 ? Vector256.Create(*(int*)(a + 4)).AsByte() : default;
                c00 = T.Add(c00, x00, x01, w00, w10);
                c01 = T.Add(c01, x00, x01, w01, w11);
                Vector256<byte> x10 = Vector256.Create(*(int*)(a + 192)).AsByte();
                Vector256<byte> x11 = T.Window > 1 ? Vector256.Create(*(int*)(a + 196)).AsByte() : default;
                c10 = T.Add(c10, x10, x11, w00, w10);
                c11 = T.Add(c11, x10, x11, w01, w11);
                Vector256<byte> x20 = Vector256.Create(*(int*)(a + 384)).AsByte();
                Vector256<byte> x21 = T.Window > 1 ? Vector256.Create(*(int*)(a + 388)).AsByte() : default;
                c20 = T.Add(c20, x20, x21, w00, w10);
                c21 = T.Add(c21, x20, x21, w01, w11);
                Vector256<byte> x30 = Vector256.Create(*(int*)(a + 576)).AsByte();
                Vector256<byte> x31 = T.Window > 1 ? Vector256.Create(*(int*)(a + 580)).AsByte() : default;
                c30 = T.Add(c30, x30, x31, w00, w10);
                c31 = T.Add(c31, x30, x31, w01, w11);
                Vector256<byte> x40 = Vector256.Create(*(int*)(a + 768)).AsByte();
                Vector256<byte> x41 = T.Window > 1 ? Vector256.Create(*(int*)(a + 772)).AsByte() : default;
                c40 = T.Add(c40, x40, x41, w00, w10);
                c41 = T.Add(c41, x40, x41, w01, w11);
            }
        }

        return Vector256.Sum(c00 + c01 + c10 + c11 + c20 + c21 + c30 + c31 + c40 + c41);
    }
}
