using System.Globalization;
using System.Text.RegularExpressions;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>
/// Reads the entry point of a PTX module: parameters, declarations, labels and instructions, with nested register scopes. Understands
/// the integer subset that ILGPU emits and that our inline PTX uses (PTX ISA 6.5 and later).
/// </summary>
public sealed partial class PtxParser
{
    private readonly string _text;
    private readonly List<Dictionary<string, int>> _scopes = [[]];
    private readonly Dictionary<string, (int Offset, int Size)> _parameters = [];
    private readonly List<(int Offset, int Size)> _parameterList = [];
    private readonly Dictionary<string, int> _shared = [];
    private readonly Dictionary<string, int> _local = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<PtxInstruction> _code = [];
    private int _parameterBytes;
    private int _sharedBytes;
    private int _localBytes;
    private int _registers;

    private PtxParser(string text) => _text = text;

    public static PtxKernel Parse(string ptx) => new PtxParser(LineComment().Replace(ptx, string.Empty)).ParseEntry();

    private PtxKernel ParseEntry()
    {
        Match entry = Entry().Match(_text);
        if (!entry.Success)
        {
            throw new PtxException("There is no .entry.");
        }

        int open = _text.IndexOf('(', entry.Index);
        int close = _text.IndexOf(')', open);
        ParseParameters(_text[open..close]);
        ParseBody(_text.IndexOf('{', close) + 1);

        int uniform = 0;
        foreach (PtxInstruction instruction in _code.Where(i => i.Target is not null))
        {
            int target = _labels.TryGetValue(instruction.Target!, out int index)
                ? index
                : throw new PtxException($"Unknown label: {instruction.Text}");
            instruction.Run = thread => thread.Next = target;
            if (instruction.Guard >= 0 && instruction.Text.StartsWith("bra.uni", StringComparison.Ordinal))
            {
                instruction.UniformBranch = uniform++;
            }
        }

        return new PtxKernel
        {
            Name = entry.Groups[1].Value,
            Parameters = _parameterList,
            ParameterBytes = _parameterBytes,
            SharedBytes = _sharedBytes,
            LocalBytes = _localBytes,
            RegisterCount = _registers,
            Code = _code,
        };
    }

    private void ParseParameters(string list)
    {
        foreach (Match match in Parameter().Matches(list))
        {
            int size = match.Groups[4].Success ? Int(match.Groups[4].Value) : PtxType.Parse(match.Groups[2].Value).Bytes;
            int alignment = match.Groups[1].Success ? Int(match.Groups[1].Value) : size;
            _parameterBytes = Align(_parameterBytes, alignment);
            _parameters[match.Groups[3].Value] = (_parameterBytes, size);
            _parameterList.Add((_parameterBytes, size));
            _parameterBytes += size;
        }
    }

    private void ParseBody(int position)
    {
        for (int depth = 1; ;)
        {
            while (char.IsWhiteSpace(_text[position]) || _text[position] == ';')
            {
                position++;
            }

            if (_text[position] == '{')
            {
                _scopes.Add([]);
                depth++;
                position++;
                continue;
            }

            if (_text[position] == '}')
            {
                if (--depth == 0)
                {
                    return;
                }

                _scopes.RemoveAt(_scopes.Count - 1);
                position++;
                continue;
            }

            Match label = Label().Match(_text, position);
            if (label.Success)
            {
                _labels[label.Groups[1].Value] = _code.Count;
                position += label.Length;
                continue;
            }

            int end = _text.IndexOf(';', position);
            Statement(Whitespace().Replace(_text[position..end].Trim(), " "));
            position = end + 1;
        }
    }

    private void Statement(string text)
    {
        if (text.StartsWith(".reg", StringComparison.Ordinal))
        {
            DeclareRegisters(text);
        }
        else if (text.StartsWith(".shared", StringComparison.Ordinal) || text.StartsWith(".local", StringComparison.Ordinal))
        {
            DeclareMemory(text);
        }
        else if (text.StartsWith(".pragma", StringComparison.Ordinal) || text.StartsWith(".loc", StringComparison.Ordinal))
        {
            // Hints and line numbers change nothing.
        }
        else
        {
            _code.Add(ParseInstruction(text));
        }
    }

    private void DeclareRegisters(string text)
    {
        Match match = Registers().Match(text);
        foreach (string name in match.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            Match range = RegisterRange().Match(name);
            if (!range.Success)
            {
                Declare(name);
                continue;
            }

            for (int i = 0; i < Int(range.Groups[2].Value); i++)
            {
                Declare(range.Groups[1].Value + i.ToString(CultureInfo.InvariantCulture));
            }
        }

        void Declare(string name)
        {
            if (!_scopes[^1].TryAdd(name, _registers++))
            {
                throw new PtxException($"Register {name} is declared twice in one scope.");
            }
        }
    }

    private void DeclareMemory(string text)
    {
        Match match = Memory().Match(text);
        if (!match.Success)
        {
            throw new PtxException($"Not understood: {text}");
        }

        bool shared = match.Groups[1].Value == "shared";
        int size = Int(match.Groups[5].Value) * PtxType.Parse(match.Groups[3].Value).Bytes;
        ref int top = ref shared ? ref _sharedBytes : ref _localBytes;
        top = Align(top, Int(match.Groups[2].Value));
        (shared ? _shared : _local)[match.Groups[4].Value] = top;
        top += size;
    }

    private PtxInstruction ParseInstruction(string text)
    {
        int guard = -1;
        bool negated = false;
        Match predicate = Guard().Match(text);
        if (predicate.Success)
        {
            guard = Register(predicate.Groups[2].Value);
            negated = predicate.Groups[1].Length > 0;
            text = text[predicate.Length..];
        }

        Match match = Opcode().Match(text);
        var instruction = new PtxInstruction { Text = text, Guard = guard, GuardNegated = negated };
        new PtxCompiler(this, instruction, match.Groups[1].Value.Split('.'), SplitOperands(match.Groups[2].Value)).Compile();
        return instruction;
    }

    internal int Register(string name)
    {
        for (int i = _scopes.Count - 1; i >= 0; i--)
        {
            if (_scopes[i].TryGetValue(name, out int register))
            {
                return register;
            }
        }

        throw new PtxException($"Unknown register '{name}'.");
    }

    /// <summary>A source operand: register, special register, symbol address or literal.</summary>
    internal Func<PtxThread, ulong> Value(string operand)
    {
        if (_scopes.Any(scope => scope.ContainsKey(operand)))
        {
            int register = Register(operand);
            return thread => thread.Registers[register];
        }

        switch (operand)
        {
            case "%tid.x": return thread => (ulong)thread.Index;
            case "%tid.y" or "%tid.z": return _ => 0;
            case "%ntid.x": return thread => (ulong)thread.Block.Threads;
            case "%ntid.y" or "%ntid.z": return _ => 1;
            case "%ctaid.x": return thread => (ulong)thread.Block.X;
            case "%ctaid.y": return thread => (ulong)thread.Block.Y;
            case "%ctaid.z": return thread => (ulong)thread.Block.Z;
            case "%nctaid.x": return thread => (ulong)thread.Block.Grid.X;
            case "%nctaid.y": return thread => (ulong)thread.Block.Grid.Y;
            case "%nctaid.z": return thread => (ulong)thread.Block.Grid.Z;
            case "%laneid": return thread => (ulong)thread.Lane;
        }

        if (_shared.TryGetValue(operand, out int offset) || _local.TryGetValue(operand, out offset))
        {
            return _ => (ulong)offset;
        }

        ulong literal = operand switch
        {
            ['0', 'x' or 'X', ..] => Convert.ToUInt64(operand[2..].TrimEnd('U'), 16),
            ['-', ..] => (ulong)long.Parse(operand, CultureInfo.InvariantCulture),
            _ => ulong.TryParse(operand.TrimEnd('U'), CultureInfo.InvariantCulture, out ulong value)
                ? value
                : throw new PtxException($"Unknown operand '{operand}'."),
        };
        return _ => literal;
    }

    internal int ParameterOffset(string name) =>
        _parameters.TryGetValue(name, out (int Offset, int Size) parameter) ? parameter.Offset : throw new PtxException($"Unknown parameter '{name}'.");

    private static List<string> SplitOperands(string text)
    {
        var operands = new List<string>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } operand)
                {
                    operands.Add(operand);
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] is '{' or '[' ? 1 : text[i] is '}' or ']' ? -1 : 0;
            }
        }

        return operands;
    }

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int Align(int value, int alignment) => (value + alignment - 1) / alignment * alignment;

    [GeneratedRegex(@"//.*")]
    private static partial Regex LineComment();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex(@"\.entry\s+([\w$]+)")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+([\w$]+)(?:\[(\d+)\])?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\G([A-Za-z_$][\w$]*):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\.reg\s+\.(\w+)\s+(.*)$")]
    private static partial Regex Registers();

    [GeneratedRegex(@"^([%\w$]+)<(\d+)>$")]
    private static partial Regex RegisterRange();

    [GeneratedRegex(@"^\.(shared|local)\s+\.align\s+(\d+)\s+\.(\w+)\s+([\w$]+)\[(\d+)\]$")]
    private static partial Regex Memory();

    [GeneratedRegex(@"^@(!?)([%\w$]+)\s+")]
    private static partial Regex Guard();

    [GeneratedRegex(@"^([\w.:]+)\s*(.*)$")]
    private static partial Regex Opcode();
}
