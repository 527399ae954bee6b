using System.Globalization;

namespace Hawq.Model;

/// <summary>
/// Reads the fields of one JSON object strictly: a missing, unknown or repeated field and a value of the wrong kind or range are errors.
/// After an error the methods return a harmless value, so that reading goes on and finds more; the network is then thrown away.
/// </summary>
internal sealed class FieldReader
{
    private readonly JsonNode _node;
    private readonly ManifestErrors _errors;
    private readonly HashSet<string> _read = [];

    /// <param name="node">The object.</param>
    /// <param name="what">What it is, for messages: <c>tensor 'x'</c>.</param>
    /// <param name="errors">Receives the errors.</param>
    public FieldReader(JsonNode node, string what, ManifestErrors errors)
    {
        _node = node;
        What = what;
        _errors = errors;
        if (node.Kind != JsonKind.Object)
        {
            Error(HawqIds.ManifestField, node, $"{what} must be an object, not {node.Describe()}.");
        }

        HashSet<string> names = [];
        foreach (JsonMember member in node.Members)
        {
            if (!names.Add(member.Name))
            {
                _errors.Add(HawqIds.ManifestField, member.Position, $"The field '{member.Name}' of {what} is given twice.");
            }
        }
    }

    /// <summary>What the object is, for messages.</summary>
    public string What { get; set; }

    /// <summary>Where the object starts.</summary>
    public JsonPosition Position => _node.Position;

    /// <summary>Whether an optional field is there.</summary>
    public bool Has(string name)
    {
        _read.Add(name);
        return _node.Member(name) is not null;
    }

    /// <summary>A field's value, or null (and an error) when it is missing.</summary>
    public JsonNode? Take(string name)
    {
        _read.Add(name);
        JsonNode? value = _node.Member(name);
        if (value is null && _node.Kind == JsonKind.Object)
        {
            Error(HawqIds.ManifestField, _node, $"The field '{name}' of {What} is missing.");
        }

        return value;
    }

    public string String(string name) => Take(name) is { } value ? String(value, name) : "";

    public int Int(string name, int lo, int hi) => (int)Long(name, lo, hi);

    public long Long(string name, long lo, long hi) => Take(name) is { } value ? Long(value, name, lo, hi) : Default(lo, hi);

    public float PositiveFloat(string name) => Take(name) is { } value ? Float(value, name, positive: true) : 1f;

    public EquatableArray<int> Ints(string name, int lo, int hi, int maxCount) =>
        Items(name, maxCount).Select(item => (int)Long(item, name, lo, hi)).ToArray();

    public EquatableArray<float> Floats(string name, bool positive, int maxCount) =>
        Items(name, maxCount).Select(item => Float(item, name, positive)).ToArray();

    public EquatableArray<string> Strings(string name, int maxCount) => Items(name, maxCount).Select(item => String(item, name)).ToArray();

    /// <summary>A fixed number of integers.</summary>
    public int[] IntTuple(string name, int count, int lo, int hi)
    {
        List<JsonNode> items = Items(name, count, count);
        return Enumerable.Range(0, count).Select(i => i < items.Count ? (int)Long(items[i], name, lo, hi) : (int)Default(lo, hi)).ToArray();
    }

    /// <summary>The elements of an array field; none after an error.</summary>
    public List<JsonNode> Items(string name, int maxCount, int minCount = 0) => Take(name) is { } value ? Items(value, name, maxCount, minCount) : [];

    /// <summary>The elements of an array; none after an error.</summary>
    public List<JsonNode> Items(JsonNode value, string name, int maxCount, int minCount = 0)
    {
        if (value.Kind != JsonKind.Array)
        {
            Error(HawqIds.ManifestField, value, $"'{name}' of {What} must be an array, not {value.Describe()}.");
            return [];
        }

        if (value.Items.Count < minCount || value.Items.Count > maxCount)
        {
            string expected = minCount == maxCount ? $"{minCount}" : minCount == 0 ? $"at most {maxCount}" : $"{minCount} to {maxCount}";
            Error(HawqIds.ManifestShape, value, $"'{name}' of {What} has {value.Items.Count} elements; {expected} are expected.");
            return [];
        }

        return value.Items;
    }

    /// <summary>A nested object.</summary>
    public FieldReader? Object(string name) => Take(name) is { } value ? new FieldReader(value, $"'{name}' of {What}", _errors) : null;

    /// <summary>Reports the fields that nobody read.</summary>
    public void Done()
    {
        foreach (JsonMember member in _node.Members)
        {
            if (!_read.Contains(member.Name) && !_errors.Full)
            {
                _errors.Add(
                    HawqIds.ManifestField, member.Position, $"{What} has no field '{ManifestNames.Quote(member.Name)}'; known are {string.Join(", ", _read)}.");
            }
        }
    }

    public void Error(string id, JsonNode node, string message) => _errors.Add(id, node.Position, Capitalise(message));

    public long Long(JsonNode value, string name, long lo, long hi)
    {
        if (value.Kind != JsonKind.Number || value.Text.IndexOfAny(['.', 'e', 'E']) >= 0)
        {
            Error(HawqIds.ManifestField, value, $"'{name}' of {What} must be an integer, not {value.Describe()}.");
            return Default(lo, hi);
        }

        if (!long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) || number < lo || number > hi)
        {
            Error(HawqIds.ManifestNumber, value, $"'{name}' of {What} is {value.Text}, outside [{lo}, {hi}].");
            return Default(lo, hi);
        }

        return number;
    }

    private float Float(JsonNode value, string name, bool positive)
    {
        if (value.Kind != JsonKind.Number)
        {
            Error(HawqIds.ManifestField, value, $"'{name}' of {What} must be a number, not {value.Describe()}.");
            return 1f;
        }

        if (!FloatText.TryParse(value.Text, out float number) || (positive && number <= 0))
        {
            Error(HawqIds.ManifestNumber, value, $"'{name}' of {What} is {value.Text}; a {(positive ? "positive " : "")}finite float32 is expected.");
            return 1f;
        }

        return number;
    }

    public string String(JsonNode value, string name)
    {
        if (value.Kind != JsonKind.String)
        {
            Error(HawqIds.ManifestField, value, $"'{name}' of {What} must be a string, not {value.Describe()}.");
        }
        else if (!ManifestNames.IsPrintable(value.Text))
        {
            Error(HawqIds.ManifestField, value, $"'{name}' of {What} holds a control, formatting or line separator character: '{ManifestNames.Quote(value.Text)}'.");
        }
        else
        {
            return value.Text;
        }

        return "";
    }

    private static long Default(long lo, long hi) => lo > 0 ? lo : hi < 0 ? hi : 0;

    private static string Capitalise(string message) => char.ToUpperInvariant(message[0]) + message.Substring(1);
}
