using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>Small kernels whose PTX the machine's own tests run.</summary>
internal static class SampleKernels
{
    internal struct Word4
    {
        public int X, Y, Z, W;
    }

    public static void DotProduct(ArrayView<int> a, ArrayView<int> b, ArrayView<int> output)
    {
        int i = Grid.GlobalIndex.X;
        CudaAsm.Emit("dp4a.u32.s32 %0, %1, %2, %3;", out int sum, a[i], b[i], i);
        output[i] = sum;
    }

    public static void MatrixS8(ArrayView<int> a, ArrayView<int> b, ArrayView<int> output)
    {
        int lane = Group.IdxX;
        Ref<int> c0 = 0;
        Ref<int> c1 = 0;
        for (int k = 0; k < 3; k++)
        {
            Input<int> x = a[(k * 32) + lane];
            Input<int> y = b[(k * 32) + lane];
            CudaAsm.EmitRef("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};", ref c0, ref c1, ref x, ref y);
        }

        output[lane * 2] = c0.Value;
        output[(lane * 2) + 1] = c1.Value;
    }

    public static void MatrixU4(ArrayView<int> a, ArrayView<int> b, ArrayView<int> output)
    {
        int lane = Group.IdxX;
        Ref<int> c0 = 0;
        Ref<int> c1 = 0;
        Input<int> x = a[lane];
        Input<int> y = b[lane];
        CudaAsm.EmitRef("mma.sync.aligned.m8n8k32.row.col.satfinite.s32.u4.s4.s32 {%0,%1}, {%2}, {%3}, {%0,%1};", ref c0, ref c1, ref x, ref y);
        output[lane * 2] = c0.Value;
        output[(lane * 2) + 1] = c1.Value;
    }

    public static void Reverse(ArrayView<int> input, ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(128);
        int i = Group.IdxX;
        shared[i] = input[i];
        Group.Barrier();
        output[i] = shared[127 - i];
    }

    public static void ReverseWithoutBarrier(ArrayView<int> input, ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(128);
        int i = Group.IdxX;
        shared[i] = input[i];
        output[i] = shared[127 - i];
    }

    public static void BarrierInBranch(ArrayView<int> input, ArrayView<int> output)
    {
        int i = Group.IdxX;
        if (input[i] > 0)
        {
            Group.Barrier();
        }

        output[i] = i;
    }

    public static void LoadMatrix(ArrayView<int> input, ArrayView<int> output)
    {
        int i = Group.IdxX;
        ArrayView<Word4> shared = SharedMemory.Allocate<Word4>(32);
        shared[i] = input.Cast<Word4>()[i];
        Group.Barrier();
        Output<int> x = default;
        Output<int> y = default;
        Output<int> z = default;
        Output<int> w = default;
        Input<int> offset = i * 16;
        CudaAsm.EmitRef(
            "{ .reg .b32 ad; mov.u32 ad, __shared_alloca0; add.u32 ad, ad, %4; ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [ad]; }",
            ref x, ref y, ref z, ref w, ref offset);
        ArrayView<Word4> result = output.Cast<Word4>();
        result[i] = new Word4 { X = x.Value, Y = y.Value, Z = z.Value, W = w.Value };
    }

    public static void BranchOnInlineValue(ArrayView<int> output)
    {
        CudaAsm.Emit("mov.u32 %0, %%laneid;", out int lane);
        int value = 1;
        if (lane == 0)
        {
            value = output[5];
            output[6] = 3;
        }

        output[Group.IdxX] = value;
    }

    public static void Requantize(ArrayView<int> accumulators, ArrayView<int> multipliers, ArrayView<int> shifts, ArrayView<int> output)
    {
        int i = Grid.GlobalIndex.X;
        long product = ((long)accumulators[i] * multipliers[i]) + (1L << (shifts[i] - 1));
        output[i] = IntrinsicMath.Clamp((int)(product >> shifts[i]), -128, 127);
    }
}
