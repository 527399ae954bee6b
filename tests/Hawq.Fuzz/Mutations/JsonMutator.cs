using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hawq.Fuzz.Mutations;

/// <summary>Changes values within a JSON file that stays well-formed, so that the reader behind the parser sees nonsense.</summary>
internal static class JsonMutator
{
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true, MaxDepth = 1000 };
    private static readonly JsonSerializerOptions s_escaped = new() { MaxDepth = 1000 };

    /// <summary>One to three changes of values, of the same value everywhere, or of the structure.</summary>
    public static byte[] Mutate(byte[] seed, Random random)
    {
        JsonNode root = JsonNode.Parse(seed)!;
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            Change(root, random);
        }

        // Hostile characters as they are, or as escapes.
        return Encoding.UTF8.GetBytes(root.ToJsonString(random.Next(4) == 0 ? s_escaped : s_readable));
    }

    /// <summary>Some strings replaced wherever they stand: what a name can do, in a file that is otherwise good.</summary>
    public static byte[] Rename(byte[] seed, Random random)
    {
        JsonNode root = JsonNode.Parse(seed)!;
        List<JsonNode> nodes = [];
        Collect(root, nodes);
        string[] names = [.. nodes.Where(node => node.GetValueKind() == JsonValueKind.String).Select(node => node.GetValue<string>()).Distinct()];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            string name = names[random.Next(names.Length)];
            string other = HostileText.Any(random);
            foreach (JsonNode node in nodes.Where(node => node.GetValueKind() == JsonValueKind.String && node.GetValue<string>() == name).ToArray())
            {
                node.ReplaceWith(JsonValue.Create(other));
            }
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString(s_readable));
    }

    private static void Change(JsonNode root, Random random)
    {
        List<JsonNode> nodes = [];
        Collect(root, nodes);
        JsonNode node = nodes[random.Next(nodes.Count)];
        switch (random.Next(10))
        {
            case < 3:
                node.ReplaceWith(Another(node, random));
                break;
            case 3 or 4:
                // The same value wherever it stands: a name that is changed in one place is only an unknown name.
                string text = node.ToJsonString(s_escaped);
                JsonNode other = Another(node, random);
                foreach (JsonNode equal in nodes.Where(n => n is JsonValue && n.ToJsonString(s_escaped) == text).ToArray())
                {
                    equal.ReplaceWith(other.DeepClone());
                }

                break;
            case 5:
                Remove(node);
                break;
            case 6 when node.Parent is JsonArray array:
                array.Insert(random.Next(array.Count + 1), node.DeepClone());
                break;
            case 7 when node is JsonObject members:
                members[HostileText.Any(random)] = Another(node, random);
                break;
            case 8:
                node.ReplaceWith(nodes[random.Next(nodes.Count)].DeepClone());
                break;
            default:
                JsonNode nested = Another(node, random);
                for (int depth = random.Next(1, 80); depth > 0; depth--)
                {
                    nested = random.Next(2) == 0 ? new JsonArray(nested) : new JsonObject { ["a"] = nested };
                }

                node.ReplaceWith(nested);
                break;
        }
    }

    private static JsonNode Another(JsonNode node, Random random) => (node.GetValueKind(), random.Next(5)) switch
    {
        (JsonValueKind.Number, < 3) => JsonValue.Create(Numbers.Any(random)),
        (JsonValueKind.Number, 3) => JsonValue.Create(random.Next(2) == 0 ? 1e300 : -1.5),
        (JsonValueKind.String, < 4) => JsonValue.Create(HostileText.Any(random)),
        (_, 0) => JsonValue.Create(Numbers.Any(random)),
        (_, 1) => JsonValue.Create(HostileText.Any(random)),
        (_, 2) => new JsonArray(),
        (_, 3) => new JsonObject(),
        _ => JsonValue.Create(true),
    };

    private static void Remove(JsonNode node)
    {
        if (node.Parent is JsonArray array)
        {
            array.Remove(node);
        }
        else if (node.Parent is JsonObject members)
        {
            members.Remove(node.GetPropertyName());
        }
    }

    // The root stays: without it there is nothing to change. Of long lists of numbers only some, or nothing else would ever be changed.
    private static void Collect(JsonNode node, List<JsonNode> nodes)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray { Count: > 12 } array when array[0] is JsonValue => array.Take(4),
            JsonArray array => array,
            _ => [],
        };
        foreach (JsonNode child in children.OfType<JsonNode>())
        {
            nodes.Add(child);
            Collect(child, nodes);
        }

        if (nodes.Count == 0)
        {
            nodes.Add(node);
        }
    }
}
