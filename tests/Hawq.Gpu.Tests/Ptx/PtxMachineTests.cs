using System.Reflection;
using Hawq.Model;
using Xunit;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>The interpreter itself: results of the instructions, and that it notices what a real GPU would silently get wrong.</summary>
public sealed class PtxMachineTests
{
    private readonly GlobalMemory _memory = new();
    private readonly Random _random = new(1);

    [Fact]
    public void Dp4a_multiplies_unsigned_by_signed_bytes()
    {
        int[] a = Words(64), b = Words(64);
        int[] expected = new int[64];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = i;
            for (int k = 0; k < 4; k++)
            {
                expected[i] += (byte)(a[i] >> (8 * k)) * (sbyte)(b[i] >> (8 * k));
            }
        }

        Assert.Equal(expected, Run(nameof(SampleKernels.DotProduct), 2, 32, 64, a, b));
    }

    [Fact]
    public void An_8_bit_matrix_product_is_exact()
    {
        int[] a = Words(96), b = Words(96);
        int[] expected = new int[64];
        for (int step = 0; step < 3; step++)
        {
            for (int row = 0; row < 8; row++)
            {
                for (int column = 0; column < 8; column++)
                {
                    for (int k = 0; k < 16; k++)
                    {
                        int x = (sbyte)(a[(step * 32) + (row * 4) + (k / 4)] >> (k % 4 * 8));
                        int y = (sbyte)(b[(step * 32) + (column * 4) + (k / 4)] >> (k % 4 * 8));
                        expected[(row * 8) + column] += x * y;
                    }
                }
            }
        }

        Assert.Equal(expected, Run(nameof(SampleKernels.MatrixS8), 1, 32, 64, a, b));
    }

    [Fact]
    public void A_4_bit_matrix_product_reads_the_first_operand_unsigned()
    {
        int[] a = Words(32), b = Words(32);
        int[] expected = new int[64];
        for (int row = 0; row < 8; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                for (int k = 0; k < 32; k++)
                {
                    int x = (a[(row * 4) + (k / 8)] >> (k % 8 * 4)) & 15;
                    int y = b[(column * 4) + (k / 8)] << (28 - (k % 8 * 4)) >> 28;
                    expected[(row * 8) + column] += x * y;
                }
            }
        }

        Assert.Equal(expected, Run(nameof(SampleKernels.MatrixU4), 1, 32, 64, a, b));
        string signed = Compile(nameof(SampleKernels.MatrixU4), 32).Replace(".u4.s4.", ".s4.s4.", StringComparison.Ordinal);
        Assert.NotEqual(expected, RunText(signed, 1, 32, 64, a, b));
    }

    [Fact]
    public void Ldmatrix_gives_each_lane_its_fragment()
    {
        int[] words = Words(128);
        int[] expected = new int[128];
        for (int lane = 0; lane < 32; lane++)
        {
            for (int matrix = 0; matrix < 4; matrix++)
            {
                expected[(lane * 4) + matrix] = words[(((matrix * 8) + (lane / 4)) * 4) + (lane % 4)];
            }
        }

        Assert.Equal(expected, Run(nameof(SampleKernels.LoadMatrix), 1, 32, 128, words));
    }

    [Fact]
    public void A_barrier_orders_shared_memory() =>
        Assert.Equal(Enumerable.Range(0, 128).Reverse(), Run(nameof(SampleKernels.Reverse), 1, 128, 128, Enumerable.Range(0, 128).ToArray()));

    [Fact]
    public void A_missing_barrier_is_a_race()
    {
        var error = Assert.Throws<PtxException>(() => Run(nameof(SampleKernels.ReverseWithoutBarrier), 1, 128, 128, Words(128)));
        Assert.Contains("race", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_that_some_threads_skip_is_an_error()
    {
        int[] input = new int[64];
        input[3] = 1;
        var error = Assert.Throws<PtxException>(() => Run(nameof(SampleKernels.BarrierInBranch), 1, 64, 64, input));
        Assert.Contains("barrier", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// ILGPU 1.5.3 at O2 takes a value that comes from inline PTX for uniform over the warp and emits bra.uni on it: never branch on one.
    /// </summary>
    [Fact]
    public void A_uniform_branch_whose_lanes_disagree_is_an_error()
    {
        var error = Assert.Throws<PtxException>(() => Run(nameof(SampleKernels.BranchOnInlineValue), 1, 32, 32));
        Assert.Contains("Divergent uniform branch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_access_outside_of_its_buffer_is_an_error()
    {
        var error = Assert.Throws<PtxException>(() => Run(nameof(SampleKernels.DotProduct), 2, 32, 64, Words(64), Words(63)));
        Assert.Contains("out of bounds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misaligned_access_is_an_error()
    {
        PtxKernel kernel = PtxLoader.Load(Compile(nameof(SampleKernels.DotProduct), 32));
        PtxBuffer a = _memory.Upload<int>(Words(65)), b = _memory.Upload<int>(Words(64)), output = _memory.Reserve<int>(64);
        var shifted = new PtxBuffer(a.Address + 2, 64);
        var error = Assert.Throws<PtxException>(() => new PtxMachine(kernel, _memory).Launch((2, 1, 1), 32, shifted, b, output));
        Assert.Contains("Misaligned", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Requantization_with_64_bit_products_equals_the_definition()
    {
        int[] accumulators = Words(256);
        int[] multipliers = Enumerable.Range(0, 256).Select(_ => _random.Next(1 << 30, int.MaxValue)).ToArray();
        int[] shifts = Enumerable.Range(0, 256).Select(_ => _random.Next(28, 63)).ToArray();
        int[] expected = new int[256];
        for (int i = 0; i < expected.Length; i++)
        {
            long value = new Dyadic(multipliers[i], shifts[i]).Requantize(accumulators[i]);
            expected[i] = Math.Clamp((int)value, -128, 127);
        }

        Assert.Equal(expected, Run(nameof(SampleKernels.Requantize), 2, 128, 256, accumulators, multipliers, shifts));
    }

    [Fact]
    public void An_unknown_instruction_is_refused()
    {
        string text = Compile(nameof(SampleKernels.Reverse), 128).Replace("bar.sync", "bogus.sync", StringComparison.Ordinal);
        var error = Assert.Throws<PtxException>(() => PtxLoader.Load(text));
        Assert.Contains("bogus", error.Message, StringComparison.Ordinal);
    }

    private static string Compile(string kernel, int threads)
    {
        using OfflinePtx compiler = new();
        return compiler.Compile(typeof(SampleKernels).GetMethod(kernel, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!, threads).Text;
    }

    private int[] Run(string kernel, int blocks, int threads, int outputs, params int[][] inputs) =>
        RunText(Compile(kernel, threads), blocks, threads, outputs, inputs);

    private int[] RunText(string ptx, int blocks, int threads, int outputs, params int[][] inputs)
    {
        PtxBuffer output = _memory.Reserve<int>(outputs);
        object[] arguments = [.. inputs.Select(input => (object)_memory.Upload<int>(input)), output];
        new PtxMachine(PtxLoader.Load(ptx), _memory).Launch((blocks, 1, 1), threads, arguments);
        return _memory.Download<int>(output);
    }

    private int[] Words(int count) => Enumerable.Range(0, count).Select(_ => _random.Next(int.MinValue, int.MaxValue)).ToArray();
}
