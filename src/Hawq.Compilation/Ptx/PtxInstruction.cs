namespace Hawq.Compilation.Ptx;

/// <summary>One PTX instruction.</summary>
/// <param name="Guard">Predicate register that it depends on, or null.</param>
/// <param name="GuardNegated">Whether it runs where the predicate is false.</param>
/// <param name="Opcode">With all modifiers: <c>ld.global.v4.u32</c>.</param>
/// <param name="Operands">Target first; vectors in braces and addresses in brackets are one operand.</param>
public sealed record PtxInstruction(string? Guard, bool GuardNegated, string Opcode, IReadOnlyList<string> Operands)
{
    /// <summary>The parts of the opcode.</summary>
    public IReadOnlyList<string> Parts { get; } = Opcode.Split('.');

    /// <summary>Opcode without modifiers.</summary>
    public string Name => Parts[0];

    /// <summary>Whether it has no result: stores, branches and barriers.</summary>
    private bool NoResult => Name is "st" or "bra" or "bar" or "barrier" || Operands.Count == 0;

    /// <summary>Registers that it writes.</summary>
    public IReadOnlyList<string> Targets => field ??= NoResult ? [] : [.. Registers(Operands[0])];

    /// <summary>Registers that it reads, its guard included.</summary>
    public IReadOnlyList<string> Sources => field ??=
        [.. Operands.Skip(Name == "st" ? 0 : 1).SelectMany(Registers), .. Guard is null ? [] : new[] { Guard }];

    /// <summary>Whether the opcode has a modifier.</summary>
    public bool Has(string modifier) => Parts.Contains(modifier);

    /// <inheritdoc/>
    public override string ToString() => $"{Opcode} {string.Join(", ", Operands)}";

    /// <summary>Names in an operand; numbers are none.</summary>
    private static IEnumerable<string> Registers(string operand) => operand
        .Trim('[', ']', '{', '}')
        .Split([',', '+'], StringSplitOptions.RemoveEmptyEntries)
        .Where(word => !char.IsAsciiDigit(word[0]) && word[0] != '-');
}
