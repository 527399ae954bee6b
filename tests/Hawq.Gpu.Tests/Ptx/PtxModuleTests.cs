using Hawq.Compilation.Ptx;
using Xunit;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>The reader of PTX text that the interpreter and the performance model share.</summary>
public sealed class PtxModuleTests
{
    private const string Text = """
        .version 6.5
        .shared .align 16 .b8 table[32];
        .visible .entry K(.param .b32 n, .param .align 8 .b8 view[16]) .maxntid 64, 1, 1
        {
            .reg .b32 h, %r<2>;
            .local .align 4 .b32 spill[2];
            { .reg .b32 h; mov.u32 h, 1; mov.u32 %r0, h; }
            { .reg .b32 h; @!h ld.shared.v2.u32 {%r0, h}, [ table + 4 ]; }
        L:  mov.u32 %r1, h; /* the outer one */ // end
            bra L;
        }
        """;

    [Fact]
    public void Declarations_labels_and_instructions_are_read()
    {
        PtxModule module = PtxModule.Parse(Text);
        Assert.Equal("K", module.Entry);
        Assert.Equal((64, 1), (module.MaxThreads, module.MinBlocks));
        Assert.Equal(new PtxVariable(8, 16), module.Parameters["view"]);
        Assert.Equal(32, module.SharedBytes);
        Assert.Equal(8, PtxModule.BytesOf(module.Local));
        Assert.Equal(["mov", "mov", "ld", "mov", "bra"], module.Instructions.Select(instruction => instruction.Name));
        Assert.Equal(3, module.Labels["L"]);
        Assert.Equal("[table+4]", module.Instructions[2].Operands[1]);
        Assert.True(module.Instructions[2].GuardNegated);
    }

    [Fact]
    public void A_register_of_a_block_is_not_that_of_another_one()
    {
        PtxModule module = PtxModule.Parse(Text);
        string first = module.Instructions[0].Operands[0], second = module.Instructions[2].Guard!, outer = module.Instructions[3].Operands[1];
        Assert.Equal(5, module.Registers.Count);
        Assert.Equal(3, new[] { first, second, outer }.Distinct().Count());
        Assert.All([first, second, outer], register => Assert.True(module.Registers.ContainsKey(register), register));
        Assert.Equal(first, module.Instructions[1].Operands[1]);
        Assert.Equal($"{{%r0,{second}}}", module.Instructions[2].Operands[0]);
    }

    [Theory]
    [InlineData(".reg .b32 h, %r<2>;", ".reg .b32 h, h;", "declared twice")]
    [InlineData(".visible .entry K", ".visible .func K", "no .entry")]
    [InlineData("bra L;\n}", "bra L;\n", "no end")]
    public void What_is_no_kernel_is_refused(string part, string instead, string message)
    {
        string text = Text.ReplaceLineEndings("\n").Replace(part, instead, StringComparison.Ordinal);
        Assert.NotEqual(Text.ReplaceLineEndings("\n"), text);
        Assert.Contains(message, Assert.Throws<FormatException>(() => PtxModule.Parse(text)).Message, StringComparison.Ordinal);
    }
}
