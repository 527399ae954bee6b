namespace Hawq.Model;

/// <summary>A place in a text, both 1-based.</summary>
internal readonly record struct JsonPosition(int Line, int Column);

internal enum JsonKind
{
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// <summary>A JSON value with its place in the text.</summary>
/// <param name="kind">Kind of value.</param>
/// <param name="position">Where it starts.</param>
/// <param name="text">Decoded string, or the number or literal as written; empty for arrays and objects.</param>
internal sealed class JsonNode(JsonKind kind, JsonPosition position, string text = "")
{
    public JsonKind Kind { get; } = kind;

    public JsonPosition Position { get; } = position;

    public string Text { get; } = text;

    /// <summary>Elements of an array.</summary>
    public List<JsonNode> Items { get; } = kind == JsonKind.Array ? [] : s_none;

    /// <summary>Members of an object in the order of the text, duplicates included.</summary>
    public List<JsonMember> Members { get; } = kind == JsonKind.Object ? [] : s_noMembers;

    private static readonly List<JsonNode> s_none = [];
    private static readonly List<JsonMember> s_noMembers = [];

    public JsonNode? Member(string name)
    {
        foreach (JsonMember member in Members)
        {
            if (member.Name == name)
            {
                return member.Value;
            }
        }

        return null;
    }

    /// <summary>The kind in words, for messages.</summary>
    public string Describe() => Kind switch
    {
        JsonKind.Null => "null",
        JsonKind.Boolean => Text,
        JsonKind.Number => $"the number {Text}",
        JsonKind.String => "a string",
        JsonKind.Array => "an array",
        _ => "an object",
    };
}

internal sealed record JsonMember(string Name, JsonPosition Position, JsonNode Value);
