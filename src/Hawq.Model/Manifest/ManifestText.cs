using System.Globalization;
using System.Text;

namespace Hawq.Model;

/// <summary>
/// Writes the one canonical form of a manifest: short fields side by side on a line, long arrays wrapped, LF, two spaces. Made for review: a
/// changed layer is a few changed lines.
/// </summary>
internal sealed class ManifestText
{
    private const int LineLength = 120;
    private readonly StringBuilder _text = new();
    private int _lineStart;
    private int _depth;
    private bool _first = true;

    public override string ToString() => _text.ToString();

    /// <summary>The next field or element starts on a line of its own.</summary>
    public void NewLine()
    {
        if (!_first)
        {
            _text.Append(',');
        }

        _text.Append('\n').Append(' ', 2 * _depth);
        _lineStart = _text.Length - (2 * _depth);
        _first = true;
    }

    /// <summary>An object field, or an object element when <paramref name="name"/> is null; closed by disposing.</summary>
    /// <param name="name">Field name.</param>
    /// <param name="lines">Whether the closing brace stands on a line of its own.</param>
    public Scope Object(string? name, bool lines = false) => Open(name, '{', '}', lines);

    /// <summary>An array field whose elements the caller writes.</summary>
    public Scope Array(string? name, bool lines = false) => Open(name, '[', ']', lines);

    public void String(string name, string value)
    {
        Name(name);
        Quoted(value);
    }

    public void Null(string name)
    {
        Name(name);
        _text.Append("null");
    }

    public void Int(string name, long value)
    {
        Name(name);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    public void Float(string name, float value)
    {
        Name(name);
        _text.Append(FloatText.Write(value));
    }

    public void Ints(string name, IEnumerable<int> values) => Longs(name, values.Select(value => (long)value));

    public void Longs(string name, IEnumerable<long> values) => Wrapped(name, values.Select(Text));

    public void Floats(string name, IEnumerable<float> values) => Wrapped(name, values.Select(FloatText.Write));

    public void Strings(string name, IEnumerable<string> values) => Wrapped(name, values.Select(Quote));

    public void Arrays(string name, IEnumerable<int[]> values) =>
        Wrapped(name, values.Select(value => "[" + string.Join(", ", value.Select(item => Text(item))) + "]"));

    /// <summary>An array element that is an array of integers.</summary>
    public void IntsElement(IEnumerable<int> values) => Wrapped(null, values.Select(value => Text(value)));

    /// <summary>An array element that is an array of strings.</summary>
    public void StringsElement(IEnumerable<string> values) => Wrapped(null, values.Select(Quote));

    /// <summary>Ends the document.</summary>
    public void End() => _text.Append('\n');

    private Scope Open(string? name, char open, char close, bool lines)
    {
        Name(name);
        _text.Append(open);
        _depth++;
        _first = true;
        return new Scope(this, close, lines);
    }

    private void Close(char close, bool lines)
    {
        _depth--;
        if (lines)
        {
            _first = true;
            NewLine();
        }

        _text.Append(close);
        _first = false;
    }

    private void Name(string? name)
    {
        if (!_first)
        {
            _text.Append(", ");
        }

        _first = false;
        if (name is not null)
        {
            Quoted(name);
            _text.Append(": ");
        }
    }

    private void Wrapped(string? name, IEnumerable<string> values)
    {
        Name(name);
        _text.Append('[');
        bool first = true;
        foreach (string value in values)
        {
            if (!first)
            {
                _text.Append(',');
                if (_text.Length - _lineStart + 1 + value.Length + 1 > LineLength)
                {
                    _lineStart = _text.Length + 1;
                    _text.Append('\n').Append(' ', 2 * (_depth + 1));
                }
                else
                {
                    _text.Append(' ');
                }
            }

            _text.Append(value);
            first = false;
        }

        _text.Append(']');
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private void Quoted(string value) => _text.Append(Quote(value));

    // The network's strings are printable (NetworkValidator), so only these two need an escape.
    private static string Quote(string value) => "\"" + value.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";

    /// <summary>Closes an object or array.</summary>
    public readonly struct Scope(ManifestText text, char close, bool lines) : IDisposable
    {
        public void Dispose() => text.Close(close, lines);
    }
}
