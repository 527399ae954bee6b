using Xunit;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>Single instructions, with results worked out by hand from the PTX ISA manual.</summary>
public sealed class PtxInstructionTests
{
    [Theory]
    // prmt: byte i of the result is byte (selector nibble i & 7) of {b, a}; bit 3 of the nibble repeats its sign.
    [InlineData("prmt.b32 r0, 0x12345678, 0xAABBCCDD, 0x5410;", 0xCCDD5678U)]
    [InlineData("prmt.b32 r0, 0x000000F0, 0, 0x8880;", 0xFFFFFFF0U)]
    [InlineData("bfe.s32 r0, 0x0F80, 4, 8;", 0xFFFFFFF8U)]
    [InlineData("bfe.u32 r0, 0x0F80, 4, 8;", 0xF8U)]
    [InlineData("bfe.u32 r0, 0xFFFFFFFF, 28, 8;", 0xFU)]
    // cvt.pack: both saturated, the first above the second, the third shifted up.
    [InlineData("cvt.pack.sat.s8.s32.b32 r0, 300, -5, 0x1234;", 0x12347FFBU)]
    [InlineData("cvt.pack.sat.u4.s32.b32 r0, 20, -5, 0x1;", 0x1F0U)]
    // Shifts by more than the width: the sign, or nothing.
    [InlineData("shr.s32 r0, -8, 40;", 0xFFFFFFFFU)]
    [InlineData("shr.u32 r0, -8, 40;", 0U)]
    [InlineData("shl.b32 r0, 1, 32;", 0U)]
    [InlineData("mul.hi.u32 r0, 0xFFFFFFFF, 2;", 1U)]
    [InlineData("mul.hi.s32 r0, 0xFFFFFFFF, 2;", 0xFFFFFFFFU)]
    [InlineData("mul.lo.s32 r0, 0x10001, 0x10001;", 0x20001U)]
    [InlineData("mad.lo.s32 r0, 3, -4, 5;", 0xFFFFFFF9U)]
    [InlineData("mul.wide.s32 q, -3, 5; cvt.u32.u64 r0, q;", 0xFFFFFFF1U)]
    [InlineData("mul.wide.u32 q, -1, 2; shr.u64 q, q, 32; cvt.u32.u64 r0, q;", 1U)]
    [InlineData("cvt.s32.s8 r0, 0xFF;", 0xFFFFFFFFU)]
    [InlineData("cvt.u32.u8 r0, 0x1FF;", 0xFFU)]
    [InlineData("cvt.sat.s8.s32 r1, 1000; cvt.s32.s8 r0, r1;", 127U)]
    [InlineData("div.s32 r0, -7, 2;", 0xFFFFFFFDU)]
    [InlineData("rem.s32 r0, -7, 2;", 0xFFFFFFFFU)]
    [InlineData("min.s32 r0, -1, 1;", 0xFFFFFFFFU)]
    [InlineData("min.u32 r0, -1, 1;", 1U)]
    [InlineData("setp.lt.s32 p, -1, 1; selp.b32 r0, 5, 6, p;", 5U)]
    [InlineData("setp.lt.u32 p, -1, 1; selp.b32 r0, 5, 6, p;", 6U)]
    [InlineData("setp.eq.s32 p, 1, 1; setp.eq.and.s32 p, 2, 3, p; selp.b32 r0, 5, 6, p;", 6U)]
    [InlineData("dp4a.u32.s32 r0, 0x01FF0000, 0x02FF0000, 10;", 0xFFFFFF0DU)] // 255 * -1 + 1 * 2 + 10
    [InlineData("dp4a.s32.s32 r0, 0x01FF0000, 0x02FF0000, 10;", 13U)]
    [InlineData("mov.b32 r0, 1; setp.ne.s32 p, 0, 0; @p mov.b32 r0, 2; @!p add.s32 r0, r0, 4;", 5U)]
    [InlineData("{ .reg .b32 r0; mov.b32 r0, 9; } mov.b32 r0, 3;", 3U)]
    public void Result_is_the_manuals(string body, uint expected)
    {
        string text = $$"""
            .version 6.5
            .target sm_75
            .visible .entry kernel(.param .align 8 .b8 output[16])
            {
                .reg .b64 address, q;
                .reg .b32 r0, r1;
                .reg .pred p;
                ld.param.u64 address, [output];
                {{body}}
                st.global.b32 [address], r0;
                ret;
            }
            """;
        GlobalMemory memory = new();
        PtxBuffer output = memory.Reserve<uint>(1);
        new PtxMachine(PtxLoader.Load(text), memory).Launch((1, 1, 1), 1, output);
        Assert.Equal(expected, memory.Download<uint>(output)[0]);
    }
}
