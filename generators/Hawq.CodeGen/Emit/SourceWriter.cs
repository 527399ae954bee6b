using System.Globalization;
using System.Text;

namespace Hawq.CodeGen.Emit;

/// <summary>Writes indented C# with LF line ends, in the invariant culture.</summary>
public sealed class SourceWriter
{
    private const int LongestLine = 180;
    private const string Indentation = "    ";
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _blank;

    /// <summary>Writes a line, or each line of a text, at the current depth.</summary>
    public void Line(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Length == 0)
            {
                Blank();
                continue;
            }

            if (_blank)
            {
                _text.Append('\n');
                _blank = false;
            }

            for (int i = 0; i < _depth; i++)
            {
                _text.Append(Indentation);
            }

            _text.Append(line).Append('\n');
        }
    }

    /// <summary>Writes short statements, several to a line of at most <see cref="LongestLine"/> characters and its indentation.</summary>
    public void Statements(params string[] statements)
    {
        string line = string.Empty;
        foreach (string statement in statements)
        {
            if (line.Length > 0 && line.Length + statement.Length >= LongestLine)
            {
                Line(line);
                line = string.Empty;
            }

            line += line.Length == 0 ? statement : " " + statement;
        }

        Line(line);
    }

    /// <summary>An empty line before the next one; several are one, and none follows an opening or precedes a closing brace.</summary>
    public void Blank() => _blank = _text.Length > 0 && _text[_text.Length - 2] != '{';

    /// <summary>Writes a header line (none where it is empty) and a block in braces that ends when the result is disposed.</summary>
    public IDisposable Block(string header)
    {
        if (header.Length > 0)
        {
            Line(header);
        }

        return Block();
    }

    /// <summary>A block in braces without a header.</summary>
    public IDisposable Block()
    {
        Line("{");
        _depth++;
        return new End(this);
    }

    /// <summary>Everything written so far.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>A list of numbers, wrapped at about <paramref name="width"/> characters.</summary>
    public static string Numbers(IEnumerable<int> numbers, int width = 120)
    {
        StringBuilder text = new();
        int column = 0;
        foreach (int number in numbers)
        {
            string item = number.ToString(CultureInfo.InvariantCulture);
            if (column > 0)
            {
                text.Append(column + item.Length > width ? ",\n" : ", ");
                column = column + item.Length > width ? 0 : column + 2;
            }

            text.Append(item);
            column += item.Length;
        }

        return text.ToString();
    }

    private sealed class End(SourceWriter writer) : IDisposable
    {
        public void Dispose()
        {
            writer._blank = false;
            writer._depth--;
            writer.Line("}");
        }
    }
}
