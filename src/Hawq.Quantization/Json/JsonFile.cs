using System.Globalization;
using System.Text;
using System.Text.Json;
using Hawq.Model;

namespace Hawq.Quantization.Json;

/// <summary>
/// A JSON file read strictly, where every value knows its place, so that an error names the line and the column: no comments, no trailing
/// commas, no field twice, nothing after the value. Errors are <see cref="HawqException"/> with the id that the caller gives.
/// </summary>
internal sealed class JsonFile
{
    /// <summary>Bytes of a file: far more than the files of any network take.</summary>
    private const int MaxBytes = 1 << 25;

    /// <summary>Values in a file: each takes about a hundred bytes of memory.</summary>
    private const int MaxValues = 1 << 20;

    private readonly byte[] _utf8;
    private int _values;

    private JsonFile(byte[] utf8, string name, string errorId)
    {
        _utf8 = utf8;
        Name = name;
        ErrorId = errorId;
        Utf8JsonReader reader = new(utf8);
        try
        {
            reader.Read();
            Root = ReadValue(ref reader);
            if (reader.Read())
            {
                throw Error("There is something after the end of the value.", reader.TokenStartIndex);
            }
        }
        catch (InvalidOperationException)
        {
            throw Error("A string is not valid: broken UTF-8, or half of a surrogate pair.", reader.TokenStartIndex);
        }
        catch (JsonException error)
        {
            throw new HawqException(
                errorId, $"Not valid JSON: {FirstSentence(error.Message)}", name, (int)(error.LineNumber ?? 0) + 1, (int)(error.BytePositionInLine ?? 0) + 1, error);
        }
    }

    /// <summary>File name, for errors.</summary>
    public string Name { get; }

    /// <summary>Id of the errors.</summary>
    public string ErrorId { get; }

    /// <summary>The value.</summary>
    public JsonValue Root { get; } = null!;

    /// <summary>Reads a file.</summary>
    public static JsonFile Read(string path, string errorId)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes
                ? Parse(File.ReadAllBytes(path), path, errorId)
                : throw new HawqException(errorId, $"The file is too long: at most {MaxBytes} bytes are read.", path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HawqException(HawqIds.FileAccess, error.Message, path, innerException: error);
        }
    }

    /// <summary>Reads bytes that came from somewhere else.</summary>
    public static JsonFile Parse(byte[] utf8, string name, string errorId) =>
        new(utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? utf8[3..] : utf8, name, errorId);

    /// <summary>An error at a byte offset.</summary>
    public HawqException Error(string message, long offset)
    {
        ReadOnlySpan<byte> before = _utf8.AsSpan(0, (int)Math.Min(offset, _utf8.Length));
        int line = before.Count((byte)'\n') + 1;
        int column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return new HawqException(ErrorId, message, Name, line, column);
    }

    private JsonValue ReadValue(ref Utf8JsonReader reader)
    {
        long offset = reader.TokenStartIndex;
        if (++_values > MaxValues)
        {
            throw Error($"There are too many values: at most {MaxValues} are read.", offset);
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                List<(string, long, JsonValue)> fields = [];
                HashSet<string> names = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    long at = reader.TokenStartIndex;
                    if (!names.Add(name))
                    {
                        throw Error($"The field '{name}' is given twice.", at);
                    }

                    reader.Read();
                    fields.Add((name, at, ReadValue(ref reader)));
                }

                return new JsonValue(this, JsonValueKind.Object, offset) { Fields = fields };
            case JsonTokenType.StartArray:
                List<JsonValue> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadValue(ref reader));
                }

                return new JsonValue(this, JsonValueKind.Array, offset) { Items = items };
            case JsonTokenType.String:
                return new JsonValue(this, JsonValueKind.String, offset) { Text = reader.GetString()! };
            case JsonTokenType.Number:
                return new JsonValue(this, JsonValueKind.Number, offset) { Text = Encoding.ASCII.GetString(reader.ValueSpan) };
            case JsonTokenType.True or JsonTokenType.False:
                return new JsonValue(this, reader.TokenType == JsonTokenType.True ? JsonValueKind.True : JsonValueKind.False, offset);
            default:
                return new JsonValue(this, JsonValueKind.Null, offset);
        }
    }

    private static string FirstSentence(string message) => message.IndexOf(" LineNumber:", StringComparison.Ordinal) is >= 0 and int end ? message[..end] : message;
}

/// <summary>One value of a <see cref="JsonFile"/>.</summary>
internal sealed class JsonValue(JsonFile file, JsonValueKind kind, long offset)
{
    public List<(string Name, long Offset, JsonValue Value)> Fields { get; init; } = [];

    public List<JsonValue> Items { get; init; } = [];

    public string Text { get; init; } = "";

    public bool IsNull => kind == JsonValueKind.Null;

    /// <summary>The value as an object whose fields are then asked for by name.</summary>
    public JsonFields AsObject() => kind == JsonValueKind.Object ? new JsonFields(this) : throw Error("An object is needed here.");

    /// <summary>The items of an array.</summary>
    public IReadOnlyList<JsonValue> AsArray() => kind == JsonValueKind.Array ? Items : throw Error("An array is needed here.");

    /// <summary>A string.</summary>
    public string AsText() => kind == JsonValueKind.String ? Text : throw Error("A string is needed here.");

    /// <summary>A number, exactly as it is written (up to 28 digits).</summary>
    public decimal AsDecimal() =>
        kind == JsonValueKind.Number && decimal.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value)
            ? value
            : throw Error("A number is needed here, of magnitude below 1e28.");

    /// <summary>A finite number.</summary>
    public double AsDouble() =>
        kind == JsonValueKind.Number && double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Error("A finite number is needed here.");

    /// <summary>A finite number of single precision, rounded once.</summary>
    public float AsSingle() =>
        kind == JsonValueKind.Number && float.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value
            : throw Error("A finite number is needed here.");

    /// <summary>Bytes in base 64.</summary>
    public byte[] AsBase64()
    {
        string text = AsText();
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : throw Error("Base 64 is needed here.");
    }

    /// <summary>A whole number in a range.</summary>
    public long AsWhole(long least = 0, long most = long.MaxValue) =>
        kind == JsonValueKind.Number && long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            && value >= least && value <= most
            ? value
            : throw Error(most == long.MaxValue ? $"A whole number of at least {least} is needed here." : $"A whole number from {least} to {most} is needed here.");

    /// <summary>True or false.</summary>
    public bool AsBoolean() => kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error("true or false is needed here."),
    };

    /// <summary>An error at this value.</summary>
    public HawqException Error(string message) => file.Error(message, offset);

    /// <summary>An error elsewhere in the file.</summary>
    public HawqException Error(string message, long at) => file.Error(message, at);
}

/// <summary>The fields of an object: each is asked for once, and <see cref="End"/> refuses what nobody asked for.</summary>
internal sealed class JsonFields(JsonValue value)
{
    private readonly HashSet<string> _asked = [];

    /// <summary>The object itself, for errors about it as a whole.</summary>
    public JsonValue Value => value;

    /// <summary>A field that must be there.</summary>
    public JsonValue this[string name] => Optional(name) ?? throw value.Error($"The field '{name}' is missing.");

    /// <summary>A field that may be absent or null.</summary>
    public JsonValue? Optional(string name)
    {
        _asked.Add(name);
        return value.Fields.Find(field => field.Name == name).Value is { IsNull: false } found ? found : null;
    }

    /// <summary>Refuses fields that were not asked for.</summary>
    public void End()
    {
        foreach ((string name, long offset, _) in value.Fields)
        {
            if (!_asked.Contains(name))
            {
                throw value.Error($"Unknown field '{name}'; known here: {string.Join(", ", _asked)}.", offset);
            }
        }
    }
}
