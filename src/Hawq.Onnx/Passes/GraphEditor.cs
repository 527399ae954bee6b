using Hawq.Model;

namespace Hawq.Onnx.Passes;

/// <summary>What the passes over a list of nodes share.</summary>
internal static class GraphEditor
{
    /// <summary>How many nodes and outputs read each value.</summary>
    public static Dictionary<string, int> Readers(IEnumerable<FloatNode> nodes, IEnumerable<string> outputs)
    {
        Dictionary<string, int> readers = new(StringComparer.Ordinal);
        foreach (string value in nodes.SelectMany(node => node.Inputs).Concat(outputs))
        {
            readers[value] = readers.GetValueOrDefault(value) + 1;
        }

        return readers;
    }

    /// <summary>Removes nodes that no output depends on.</summary>
    public static void RemoveDead(List<FloatNode> nodes, Dictionary<string, Shape> shapes, IEnumerable<string> outputs)
    {
        HashSet<string> needed = [.. outputs];
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            if (needed.Contains(nodes[i].Output))
            {
                needed.UnionWith(nodes[i].Inputs);
            }
            else
            {
                shapes.Remove(nodes[i].Output);
                nodes.RemoveAt(i);
            }
        }
    }
}
