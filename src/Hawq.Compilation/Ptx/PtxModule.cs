using System.Globalization;
using System.Text.RegularExpressions;

namespace Hawq.Compilation.Ptx;

/// <summary>A parameter, or an array of shared or local memory.</summary>
/// <param name="Offset">Where it begins among its kind, in bytes.</param>
/// <param name="Bytes">Size.</param>
public readonly record struct PtxVariable(int Offset, int Bytes);

/// <summary>
/// The text of a PTX module with one kernel: declarations, labels, instructions. Understands what ILGPU prints and what our inline PTX uses (PTX ISA 6.5); the meaning of
/// instructions is for those who follow or run them. Registers of a nested block that hide others, or come again in another block, get names of their own.
/// </summary>
public sealed partial class PtxModule
{
    private readonly List<PtxInstruction> _instructions = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly Dictionary<string, PtxVariable> _parameters = [], _shared = [], _local = [];
    private readonly Dictionary<string, int> _registers = [];
    private readonly List<Dictionary<string, string>> _scopes = [[]];
    private int _blocks;

    private PtxModule(string text)
    {
        Match entry = EntryName().Match(text);
        if (!entry.Success)
        {
            throw new FormatException("The PTX has no .entry.");
        }

        Entry = entry.Groups[1].Value;
        int open = text.IndexOf('{', entry.Index);
        string head = text[entry.Index..open];
        (MaxThreads, MinBlocks) = (Directive(head, MaxThreadsDirective(), 1024), Directive(head, MinBlocksDirective(), 1));
        foreach (Match match in Parameter().Matches(head))
        {
            int element = BytesOf(match.Groups[2].Value);
            Add(_parameters, match.Groups[3].Value, match.Groups[4].Success ? Int(match.Groups[4].Value) * element : element, match.Groups[1].Success ? Int(match.Groups[1].Value) : element);
        }

        foreach (Match match in Memory().Matches(text[..entry.Index]))
        {
            Declare(match);
        }

        ReadBody(text, open + 1);
    }

    /// <summary>Name of the kernel.</summary>
    public string Entry { get; }

    /// <summary>Threads that the kernel is compiled for.</summary>
    public int MaxThreads { get; }

    /// <summary>Resident blocks per multiprocessor that the assembler must leave registers for.</summary>
    public int MinBlocks { get; }

    /// <summary>Parameters, in order.</summary>
    public IReadOnlyDictionary<string, PtxVariable> Parameters => _parameters;

    /// <summary>Arrays of shared memory.</summary>
    public IReadOnlyDictionary<string, PtxVariable> Shared => _shared;

    /// <summary>Arrays of local memory.</summary>
    public IReadOnlyDictionary<string, PtxVariable> Local => _local;

    /// <summary>Number of every declared register.</summary>
    public IReadOnlyDictionary<string, int> Registers => _registers;

    /// <summary>In the order of the text.</summary>
    public IReadOnlyList<PtxInstruction> Instructions => _instructions;

    /// <summary>Index of the instruction behind each label.</summary>
    public IReadOnlyDictionary<string, int> Labels => _labels;

    /// <summary>Shared memory of a block.</summary>
    public int SharedBytes => BytesOf(_shared);

    /// <summary>Reads a module.</summary>
    /// <exception cref="FormatException">It is none that this class understands.</exception>
    public static PtxModule Parse(string text) => new(Comment().Replace(text, ""));

    /// <summary>Bytes of all variables of a kind.</summary>
    public static int BytesOf(IReadOnlyDictionary<string, PtxVariable> variables) => variables.Values.Select(variable => variable.Offset + variable.Bytes).DefaultIfEmpty(0).Max();

    private void ReadBody(string text, int position)
    {
        while (true)
        {
            while (position < text.Length && (char.IsWhiteSpace(text[position]) || text[position] == ';'))
            {
                position++;
            }

            if (position == text.Length)
            {
                throw new FormatException("The kernel has no end.");
            }

            if (text[position] == '{')
            {
                _scopes.Add([]);
                _blocks++;
                position++;
            }
            else if (text[position] == '}')
            {
                if (_scopes.Count == 1)
                {
                    return;
                }

                _scopes.RemoveAt(_scopes.Count - 1);
                position++;
            }
            else if (Label().Match(text, position) is { Success: true } label)
            {
                _labels.Add(label.Groups[1].Value, _instructions.Count);
                position += label.Length;
            }
            else
            {
                int end = text.IndexOf(';', position);
                Statement(text[position..(end < 0 ? text.Length : end)].Trim());
                position = end < 0 ? text.Length : end + 1;
            }
        }
    }

    private void Statement(string text)
    {
        if (DeclaredRegisters().Match(text) is { Success: true } registers)
        {
            foreach (string name in registers.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries))
            {
                Declare(name);
            }
        }
        else if (Memory().Match(text) is { Success: true } memory)
        {
            Declare(memory);
        }
        else if (!text.StartsWith(".pragma", StringComparison.Ordinal) && !text.StartsWith(".loc", StringComparison.Ordinal))
        {
            // Hints and line numbers change nothing.
            _instructions.Add(Instruction(text));
        }
    }

    /// <summary>Registers, one or as many as stand in angle brackets.</summary>
    private void Declare(string name)
    {
        Match range = RegisterRange().Match(name);
        IEnumerable<string> names = range.Success ? Enumerable.Range(0, Int(range.Groups[2].Value)).Select(i => range.Groups[1].Value + i.ToString(CultureInfo.InvariantCulture)) : [name];
        foreach (string register in names)
        {
            string unique = _scopes.Count == 1 ? register : $"{register}'{_blocks.ToString(CultureInfo.InvariantCulture)}";
            if (!_scopes[^1].TryAdd(register, unique))
            {
                throw new FormatException($"The register {register} is declared twice in one block.");
            }

            _registers.Add(unique, _registers.Count);
        }
    }

    private void Declare(Match memory) => Add(
        memory.Groups[1].Value == "shared" ? _shared : _local, memory.Groups[4].Value, Int(memory.Groups[5].Value) * BytesOf(memory.Groups[3].Value),
        memory.Groups[2].Success ? Int(memory.Groups[2].Value) : BytesOf(memory.Groups[3].Value));

    private static void Add(Dictionary<string, PtxVariable> variables, string name, int bytes, int alignment) =>
        variables.Add(name, new PtxVariable((BytesOf(variables) + alignment - 1) / alignment * alignment, bytes));

    private PtxInstruction Instruction(string text)
    {
        Match guard = Guard().Match(text);
        string[] words = text[guard.Length..].Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        return new PtxInstruction(
            guard.Success ? Unique(guard.Groups[2].Value) : null, guard.Groups[1].Length > 0, words[0],
            words.Length == 1 ? [] : [.. Operand().Matches(words[1]).Select(match => Word().Replace(Space().Replace(match.Value, ""), word => Unique(word.Value)))]);
    }

    private string Unique(string name)
    {
        for (int i = _scopes.Count - 1; i > 0; i--)
        {
            if (_scopes[i].TryGetValue(name, out string? unique))
            {
                return unique;
            }
        }

        return name;
    }

    private static int BytesOf(string type) => Math.Max(1, Int(type[1..]) / 8);

    private static int Directive(string head, Regex regex, int absent) => regex.Match(head) is { Success: true } match ? Int(match.Groups[1].Value) : absent;

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.entry\s+([\w$]+)")]
    private static partial Regex EntryName();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(\d+)\s+)?\.([bsu]\d+)\s+([\w$%]+)(?:\[(\d+)\])?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.maxntid\s+(\d+)")]
    private static partial Regex MaxThreadsDirective();

    [GeneratedRegex(@"\.minnctapersm\s+(\d+)")]
    private static partial Regex MinBlocksDirective();

    [GeneratedRegex(@"\G([A-Za-z_$%][\w$]*):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\.reg\s+\.\w+\s+(.*)$", RegexOptions.Singleline)]
    private static partial Regex DeclaredRegisters();

    [GeneratedRegex(@"^([%\w$]+)<(\d+)>$")]
    private static partial Regex RegisterRange();

    [GeneratedRegex(@"\.(shared|local)\s+(?:\.align\s+(\d+)\s+)?\.([bsu]\d+)\s+([\w$%]+)\[(\d+)\]")]
    private static partial Regex Memory();

    [GeneratedRegex(@"^@(!?)([%\w$]+)\s+")]
    private static partial Regex Guard();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,{}\[\]\s]+")]
    private static partial Regex Operand();

    [GeneratedRegex(@"[%\w$]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
