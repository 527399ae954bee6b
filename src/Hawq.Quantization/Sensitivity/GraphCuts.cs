using Hawq.Onnx;

namespace Hawq.Quantization.Sensitivity;

/// <summary>
/// Values through which everything passes: what comes after one depends on nothing else that came before. A layer can then be changed
/// and only the rest of the network behind the cut before it is run again.
/// </summary>
internal sealed class GraphCuts
{
    private readonly FloatGraph _graph;
    private readonly List<(int NextNode, string Value)> _cuts = [];

    public GraphCuts(FloatGraph graph)
    {
        _graph = graph;
        Dictionary<string, int> lastRead = [];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string input in graph.Nodes[i].Inputs)
            {
                lastRead[input] = i;
            }
        }

        HashSet<string> live = [graph.Input];
        _cuts.Add((0, graph.Input));
        for (int i = 0; i < graph.Nodes.Count - 1; i++)
        {
            live.Add(graph.Nodes[i].Output);
            live.RemoveWhere(value => lastRead.GetValueOrDefault(value, -1) <= i && !graph.Outputs.Contains(value));
            if (live.Count == 1)
            {
                _cuts.Add((i + 1, live.Single()));
            }
        }
    }

    /// <summary>The last cut before a node: the value, and the index of the first node behind it.</summary>
    public (int NextNode, string Value) Before(FloatNode node)
    {
        int index = IndexOf(node);
        return _cuts.Last(cut => cut.NextNode <= index);
    }

    /// <summary>The network between two cuts, or from a cut to the outputs.</summary>
    public FloatGraph Part((int NextNode, string Value) from, (int NextNode, string Value)? to = null) => _graph with
    {
        Input = from.Value,
        Outputs = to is { } end ? [end.Value] : _graph.Outputs,
        Nodes = [.. _graph.Nodes.Take(to?.NextNode ?? _graph.Nodes.Count).Skip(from.NextNode)],
    };

    private int IndexOf(FloatNode node)
    {
        for (int i = 0; i < _graph.Nodes.Count; i++)
        {
            if (ReferenceEquals(_graph.Nodes[i], node))
            {
                return i;
            }
        }

        throw new ArgumentException($"The node '{node.Name}' is not in the graph.", nameof(node));
    }
}
