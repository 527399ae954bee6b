using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Search;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>Which layers must agree, from the graph (HAWQ-V3): all readers of one value share its activation bits, and a downsample convolution shares all
/// its bits with the first convolution of its block.</summary>
internal static class GraphTies
{
    /// <summary>Ties between the layers with weights, by their index among them.</summary>
    public static IEnumerable<LayerTie> Find(FloatGraph graph, IReadOnlyList<FloatNode> layers)
    {
        foreach (IGrouping<string, int> readers in Enumerable.Range(0, layers.Count).GroupBy(i => Source(graph, layers[i].Inputs[0])))
        {
            int[] group = [.. readers];
            if (group.Length < 2)
            {
                continue;
            }

            yield return new LayerTie(group, ActivationsOnly: true);
            int[] main = [.. group.Where(i => !IsShortcut(graph, layers[i]))];
            if (main.Length > 0)
            {
                foreach (int shortcut in group.Where(i => IsShortcut(graph, layers[i])))
                {
                    yield return new LayerTie(EquatableArray.Of(main[0], shortcut));
                }
            }
        }
    }

    /// <summary>The value that is quantized: layers that only move codes share their input's.</summary>
    private static string Source(FloatGraph graph, string value) =>
        graph.Nodes.FirstOrDefault(node => node is SliceNode or PadNode && node.Output == value) is { } move ? Source(graph, move.Inputs[0]) : value;

    /// <summary>A 1 x 1 convolution whose result is added without an activation.</summary>
    private static bool IsShortcut(FloatGraph graph, FloatNode layer) =>
        layer is ConvNode { Kernel: { Height: 1, Width: 1 } } && graph.Nodes.Where(node => node.Inputs.Contains(layer.Output)).All(node => node is AddNode);
}
