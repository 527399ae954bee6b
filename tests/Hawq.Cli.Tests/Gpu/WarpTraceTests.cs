using Hawq.Cli.Gpu;
using Hawq.Compilation.Ptx;
using Xunit;

namespace Hawq.Cli.Tests.Gpu;

/// <summary>A few lines of PTX whose counts can be read off by hand.</summary>
public sealed class WarpTraceTests
{
    private const string Head = """
        .version 6.5
        .target sm_75
        .visible .entry Kernel_Test(
            .param .b32 _pixels_0,
            .param .align 8 .b8 _input_1[16]
        )
        .maxntid 32, 1, 1
        .minnctapersm 4
        {
            .shared .align 16 .b8 __shared_alloca0[8192];
            .reg .pred %p<4>;
            .reg .b32 %r<32>, acc<2>;
            .reg .b64 %rd<8>;
            ld.param.b32 %r1, [_pixels_0];
            ld.param.b64 %rd1, [_input_1];
            mov.b32 %r2, %tid.x;

        """;

    [Fact]
    public void A_loop_is_followed_as_often_as_it_runs()
    {
        BlockCounts counts = Trace("""
            mov.b32 %r3, 0;
            L_1:
            setp.ge.s32 %p1, %r3, 5;
            @%p1 bra L_2;
            mma.sync.aligned.m8n8k16.row.col.s32.u8.s8.s32 {acc0,acc1}, {%r4}, {%r5}, {acc0,acc1};
            add.s32 %r3, %r3, 1;
            bra L_1;
            L_2:
            ret;
            """);

        Assert.Equal(5, counts.Mma);

        // Reading %tid; six comparisons and branches; five sums, five branches back, five mma.
        Assert.Equal(1 + 6 + 6 + 5 + 5 + 5, counts.Issued);
        Assert.Equal((6 + 5) * T4.PipeCycles, counts.IntegerCycles);
    }

    [Fact]
    public void Neighbouring_lanes_share_sectors_and_the_second_time_they_come_from_L1()
    {
        // 32 lanes x 16 bytes are 512 bytes: 16 sectors, twice through L1, once from L2. Lanes 128 bytes apart: a sector each for 4 bytes.
        const string address = """
            mul.wide.u32 %rd2, %r2, STRIDE;
            add.u64 %rd3, %rd1, %rd2;
            """;
        BlockCounts wide = Trace(address.Replace("STRIDE", "16", StringComparison.Ordinal) + "ld.global.v4.b32 {%r4,%r5,%r6,%r7}, [%rd3]; ld.global.v4.b32 {%r4,%r5,%r6,%r7}, [%rd3]; ret;");
        BlockCounts apart = Trace(address.Replace("STRIDE", "128", StringComparison.Ordinal) + "ld.global.b32 %r4, [%rd3]; ret;");
        BlockCounts stored = Trace(address.Replace("STRIDE", "2", StringComparison.Ordinal) + "st.global.b16 [%rd3], %r4; ret;");

        Assert.Equal((1024, 512), (wide.SharedBytes, wide.L2Bytes));
        Assert.Equal((1024, 1024), (apart.SharedBytes, apart.L2Bytes));
        Assert.Equal((64, 64), (stored.SharedBytes, stored.L2Bytes));
    }

    [Theory]
    [InlineData(4, 128)]
    [InlineData(8, 256)]
    [InlineData(128, 4096)]
    public void Words_of_one_bank_are_served_one_after_the_other(int stride, long bytes)
    {
        BlockCounts counts = Trace($"mul.lo.s32 %r3, %r2, {stride}; mov.b32 %r4, __shared_alloca0; add.s32 %r3, %r3, %r4; ld.shared.b32 %r5, [%r3]; ret;");
        Assert.Equal(bytes, counts.SharedBytes);
    }

    [Fact]
    public void A_matrix_load_reads_a_row_of_16_bytes_for_every_lane()
    {
        BlockCounts counts = Trace("shl.b32 %r3, %r2, 4; ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r4,%r5,%r6,%r7}, [%r3+512]; ret;");
        Assert.Equal(512, counts.SharedBytes);
    }

    [Fact]
    public void Most_lanes_decide_where_the_warp_goes()
    {
        const string text = "setp.lt.s32 %p1, %r2, LIMIT; @%p1 bra L_1; ret; L_1: dp4a.s32.s32 %r4, %r5, %r6, %r4; ret;";
        Assert.Equal(1, Trace(text.Replace("LIMIT", "20", StringComparison.Ordinal)).Dp4a);
        Assert.Equal(0, Trace(text.Replace("LIMIT", "10", StringComparison.Ordinal)).Dp4a);
    }

    [Fact]
    public void A_warp_alone_waits_for_what_it_needs()
    {
        // Address: read %tid (20), multiply (5); load from L2 (236); a sum of what was loaded (4); the product does not wait for the load.
        BlockCounts counts = Trace("mul.wide.u32 %rd2, %r2, 4; add.u64 %rd3, %rd1, %rd2; ld.global.b32 %r4, [%rd3]; mul.lo.s32 %r6, %r2, 3; add.s32 %r5, %r4, 1; ret;");
        Assert.Equal(20 + T4.MultiplyLatency + T4.L2Latency + T4.ArithmeticLatency, counts.Latency);
    }

    private static BlockCounts Trace(string body)
    {
        PtxModule kernel = PtxModule.Parse(Head + body + "\n}\n");
        return WarpTrace.Block(kernel, new Dictionary<string, long> { ["_pixels_0"] = 100, ["_input_1"] = 1L << 40 }, (0, 0), 32, T4.L1Bytes);
    }
}
