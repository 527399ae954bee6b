using System.Globalization;
using System.Text;

namespace Hawq.Model;

/// <summary>A problem in the JSON itself; ends the parse.</summary>
internal sealed class JsonSyntaxException(string message, JsonPosition position) : Exception(message)
{
    public JsonPosition Position { get; } = position;
}

/// <summary>
/// A strict JSON parser (RFC 8259: no comments, no trailing commas) that keeps positions. It is here because the reader runs inside the
/// compiler, where no JSON package can be relied on, and since System.Text.Json's nodes do not know their line.
/// </summary>
internal sealed class JsonParser
{
    private const int NumberLength = 40;
    private readonly string _text;
    private int _next;
    private int _line = 1;
    private int _lineStart;
    private int _depth;
    private int _values;

    private JsonParser(string text) => _text = text;

    /// <exception cref="JsonSyntaxException">The text is not JSON, or exceeds a limit.</exception>
    public static JsonNode Parse(string text)
    {
        JsonParser parser = new(text);
        if (text.Length > ManifestLimits.TextLength)
        {
            throw parser.Error($"The text has {text.Length} characters; at most {ManifestLimits.TextLength} are read.");
        }

        if (text.Length > 0 && text[0] == '\uFEFF')
        {
            parser._next = parser._lineStart = 1;
        }

        parser.SkipSpace();
        JsonNode root = parser.Value();
        parser.SkipSpace();
        return parser._next == text.Length ? root : throw parser.Error("Nothing may follow the end of the document.");
    }

    private JsonPosition Here => new(_line, _next - _lineStart + 1);

    private char Current => _next < _text.Length ? _text[_next] : '\0';

    private JsonNode Value()
    {
        if (_next >= _text.Length)
        {
            throw Error("The text ends in the middle of the document.");
        }

        if (++_values > ManifestLimits.Values)
        {
            throw Error($"There are too many values; at most {ManifestLimits.Values} are read.");
        }

        JsonPosition start = Here;
        switch (Current)
        {
            case '{':
                return Object(start);
            case '[':
                return Array(start);
            case '"':
                return new JsonNode(JsonKind.String, start, String());
            case 't':
                return Literal("true", JsonKind.Boolean, start);
            case 'f':
                return Literal("false", JsonKind.Boolean, start);
            case 'n':
                return Literal("null", JsonKind.Null, start);
            case '-' or (>= '0' and <= '9'):
                return new JsonNode(JsonKind.Number, start, Number());
            default:
                throw Error("A value is expected here.");
        }
    }

    private JsonNode Object(JsonPosition start)
    {
        JsonNode node = new(JsonKind.Object, start);
        Enter();
        if (Current != '}')
        {
            do
            {
                SkipSpace();
                JsonPosition position = Here;
                if (Current != '"')
                {
                    throw Error("A field name in double quotes is expected here.");
                }

                string name = String();
                SkipSpace();
                Expect(':', "A colon is expected after a field name.");
                SkipSpace();
                node.Members.Add(new JsonMember(name, position, Value()));
            }
            while (Comma());
        }

        Expect('}', "A comma or a closing brace is expected here.");
        _depth--;
        return node;
    }

    private JsonNode Array(JsonPosition start)
    {
        JsonNode node = new(JsonKind.Array, start);
        Enter();
        if (Current != ']')
        {
            do
            {
                SkipSpace();
                node.Items.Add(Value());
            }
            while (Comma());
        }

        Expect(']', "A comma or a closing bracket is expected here.");
        _depth--;
        return node;
    }

    private void Enter()
    {
        if (++_depth > ManifestLimits.Depth)
        {
            throw Error($"Arrays and objects are nested deeper than {ManifestLimits.Depth}.");
        }

        _next++;
        SkipSpace();
    }

    private bool Comma()
    {
        SkipSpace();
        if (Current != ',')
        {
            return false;
        }

        _next++;
        return true;
    }

    private void Expect(char expected, string message)
    {
        if (_next >= _text.Length)
        {
            throw Error("The text ends in the middle of the document.");
        }

        if (Current != expected)
        {
            throw Error(message);
        }

        _next++;
    }

    private JsonNode Literal(string literal, JsonKind kind, JsonPosition start)
    {
        if (string.CompareOrdinal(_text, _next, literal, 0, literal.Length) != 0)
        {
            throw Error("A value is expected here.");
        }

        _next += literal.Length;
        return new JsonNode(kind, start, literal);
    }

    private string Number()
    {
        int start = _next;
        JsonPosition position = Here;
        if (Current == '-')
        {
            _next++;
        }

        if (Current == '0')
        {
            _next++;
        }
        else
        {
            Digits();
        }

        if (Current == '.')
        {
            _next++;
            Digits();
        }

        if (Current is 'e' or 'E')
        {
            _next++;
            if (Current is '+' or '-')
            {
                _next++;
            }

            Digits();
        }

        return _next - start <= NumberLength
            ? _text.Substring(start, _next - start)
            : throw new JsonSyntaxException($"A number has more than {NumberLength} characters.", position);
    }

    private void Digits()
    {
        if (Current is < '0' or > '9')
        {
            throw Error("A digit is expected here.");
        }

        while (Current is >= '0' and <= '9')
        {
            _next++;
        }
    }

    private string String()
    {
        JsonPosition start = Here;
        StringBuilder text = new();
        _next++;
        while (Current != '"')
        {
            if (_next >= _text.Length)
            {
                throw new JsonSyntaxException("A string is not closed.", start);
            }

            if (Current < ' ')
            {
                throw Error("A control character in a string must be written as an escape.");
            }

            text.Append(Current == '\\' ? Escape() : _text[_next++]);
            if (text.Length > ManifestLimits.StringLength)
            {
                throw new JsonSyntaxException($"A string has more than {ManifestLimits.StringLength} characters.", start);
            }
        }

        _next++;
        return text.ToString();
    }

    private char Escape()
    {
        _next++;
        char kind = Current;
        int simple = "\"\\/bfnrt".IndexOf(kind);
        if (simple >= 0)
        {
            _next++;
            return "\"\\/\b\f\n\r\t"[simple];
        }

        if (kind == 'u' && _next + 4 < _text.Length
            && ushort.TryParse(_text.Substring(_next + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
        {
            _next += 5;
            return (char)unit;
        }

        throw Error("This is not an escape of JSON.");
    }

    private void SkipSpace()
    {
        while (Current is ' ' or '\t' or '\n' or '\r')
        {
            if (Current == '\n' || (Current == '\r' && (_next + 1 >= _text.Length || _text[_next + 1] != '\n')))
            {
                _line++;
                _lineStart = _next + 1;
            }

            _next++;
        }
    }

    private JsonSyntaxException Error(string message) => new(message, Here);
}
