using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Channel shuffle (Reshape, Transpose, Reshape): the one rearrangement that becomes a node of its own.</summary>
internal static class ChannelOrder
{
    /// <summary>The value as [1, C, H, W], by a <see cref="ChannelPermutationNode"/> where its channels are shuffled; null where that is not enough.</summary>
    public static Activation? InOrder(GraphBuilder graph, Activation input)
    {
        if (input.IsImage)
        {
            return input;
        }

        if (input.ChannelSource() is not { } source)
        {
            return null;
        }

        // Several readers of one shuffle share its node: the name says what it holds.
        string output = $"{input.Name}#shuffle{source[1]}";
        if (!graph.Shapes.ContainsKey(output))
        {
            graph.Emit(new ChannelPermutationNode(graph.UniqueName(output), input.Name, output, source), input.Shape);
        }
        else if (graph.Nodes.OfType<ChannelPermutationNode>().All(other => other.Output != output || !other.Source.SequenceEqual(source)))
        {
            output = graph.UniqueName(output);
            graph.Emit(new ChannelPermutationNode(output, input.Name, output, source), input.Shape);
        }

        return Activation.Image(output, input.Shape);
    }
}
