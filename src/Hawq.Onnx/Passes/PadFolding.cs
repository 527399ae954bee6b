using Hawq.Model;

namespace Hawq.Onnx.Passes;

/// <summary>
/// Zeros around an image that only convolutions read (TensorFlow writes a Pad of its own) become their padding: a step less, and the same numbers, as a convolution
/// pads with zeros, too.
/// </summary>
internal static class PadFolding
{
    public static void Run(List<FloatNode> nodes, Dictionary<string, Shape> shapes, IReadOnlyList<string> outputs)
    {
        ILookup<string, FloatNode> readers = nodes.SelectMany(node => node.Inputs.Select(input => (input, node))).ToLookup(pair => pair.input, pair => pair.node);
        Dictionary<string, PadNode> folded = nodes.OfType<PadNode>()
            .Where(pad => pad is { ChannelsBefore: 0, ChannelsAfter: 0 } && !outputs.Contains(pad.Output) && readers[pad.Output].All(node => node is ConvNode))
            .ToDictionary(pad => pad.Output, StringComparer.Ordinal);
        if (folded.Count == 0)
        {
            return;
        }

        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is ConvNode conv && folded.TryGetValue(conv.Input, out PadNode? pad))
            {
                nodes[i] = conv with { Input = pad.Input, Padding = Sum(conv.Padding, pad.Padding) };
            }
        }

        nodes.RemoveAll(node => folded.ContainsKey(node.Output));
        foreach (string output in folded.Keys)
        {
            shapes.Remove(output);
        }
    }

    private static Padding Sum(Padding a, Padding b) => new(a.Top + b.Top, a.Left + b.Left, a.Bottom + b.Bottom, a.Right + b.Right);
}
