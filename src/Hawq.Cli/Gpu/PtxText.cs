using System.Text.RegularExpressions;

namespace Hawq.Cli.Gpu;

/// <summary>One PTX instruction.</summary>
/// <param name="Guard">Predicate register that it depends on, or null.</param>
/// <param name="GuardNegated">Whether it runs where the predicate is false.</param>
/// <param name="Opcode">With all modifiers: <c>ld.global.v4.u32</c>.</param>
/// <param name="Operands">Target first; vectors in braces and addresses in brackets are one operand.</param>
internal sealed record PtxInstruction(string? Guard, bool GuardNegated, string Opcode, IReadOnlyList<string> Operands)
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

    /// <summary>Names in an operand; numbers are none.</summary>
    private static IEnumerable<string> Registers(string operand) => operand
        .Trim('[', ']', '{', '}')
        .Split([',', '+'], StringSplitOptions.RemoveEmptyEntries)
        .Where(word => !char.IsAsciiDigit(word[0]) && word[0] != '-');
}

/// <summary>A kernel's PTX as instructions; enough to count and follow them. (The interpreter of the tests has a parser of its own, which understands every operand.)</summary>
/// <param name="Instructions">In the order of the text.</param>
/// <param name="Labels">Index of the instruction behind each label.</param>
/// <param name="Parameters">Names of the entry's parameters.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
/// <param name="MaxThreads">Threads that the kernel is compiled for.</param>
/// <param name="MinBlocks">Resident blocks per multiprocessor that the assembler must leave registers for.</param>
internal sealed partial record PtxText(
    IReadOnlyList<PtxInstruction> Instructions, IReadOnlyDictionary<string, int> Labels, IReadOnlyList<string> Parameters, int SharedBytes, int MaxThreads, int MinBlocks)
{
    /// <summary>Parses a module with one kernel.</summary>
    public static PtxText Parse(string text)
    {
        List<PtxInstruction> instructions = [];
        Dictionary<string, int> labels = [];
        int shared = 0;
        string body = Comment().Replace(text, "");
        int open = body.IndexOf('{', StringComparison.Ordinal);
        string head = body[..open];
        foreach (string statement in Statements(body[(open + 1)..body.LastIndexOf('}')]))
        {
            string rest = statement;
            while (Label().Match(rest) is { Success: true } label)
            {
                labels[label.Groups[1].Value] = instructions.Count;
                rest = rest[label.Length..].TrimStart();
            }

            if (rest.StartsWith(".shared", StringComparison.Ordinal))
            {
                shared += Array(rest);
            }
            else if (rest.Length > 0 && rest[0] != '.')
            {
                instructions.Add(ParseInstruction(rest));
            }
        }

        shared += SharedDeclaration().Matches(head).Sum(match => Array(match.Value));
        return new PtxText(instructions, labels, [.. Parameter().Matches(head).Select(match => match.Groups[1].Value)], shared, Directive(head, MaxThreadsDirective(), 1024), Directive(head, MinBlocksDirective(), 1));
    }

    /// <summary>Statements end with a semicolon; the braces of a nested block are dropped, those of a vector are not.</summary>
    private static IEnumerable<string> Statements(string body) => body
        .Split(';')
        .Select(statement => statement.Trim())
        .Select(statement => BlockBrace().Replace(statement, "").Trim())
        .Where(statement => statement.Length > 0);

    private static PtxInstruction ParseInstruction(string text)
    {
        Match guard = Guard().Match(text);
        string rest = guard.Success ? text[guard.Length..].TrimStart() : text;
        string[] words = rest.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        return new PtxInstruction(
            guard.Success ? guard.Groups[2].Value : null, guard.Groups[1].Value.Length > 0, words[0],
            words.Length == 1 ? [] : [.. Operand().Matches(words[1]).Select(match => Space().Replace(match.Value, ""))]);
    }

    private static int Array(string declaration)
    {
        Match match = SharedDeclaration().Match(declaration);
        int size = match.Groups[1].Value is "64" ? 8 : match.Groups[1].Value is "32" ? 4 : match.Groups[1].Value is "16" ? 2 : 1;
        return match.Success ? size * int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    private static int Directive(string head, Regex regex, int absent) =>
        regex.Match(head) is { Success: true } match ? int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : absent;

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^([$%\w]+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[{}\s]+")]
    private static partial Regex BlockBrace();

    [GeneratedRegex(@"^@(!?)([%\w]+)")]
    private static partial Regex Guard();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,{}\[\]\s]+")]
    private static partial Regex Operand();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+\d+\s+)?\.[bsu]\d+\s+([\w$%]+)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\.shared\s+(?:\.align\s+\d+\s+)?\.[bsu](\d+)\s+[\w$%]+\[(\d+)\]")]
    private static partial Regex SharedDeclaration();

    [GeneratedRegex(@"\.maxntid\s+(\d+)")]
    private static partial Regex MaxThreadsDirective();

    [GeneratedRegex(@"\.minnctapersm\s+(\d+)")]
    private static partial Regex MinBlocksDirective();
}
