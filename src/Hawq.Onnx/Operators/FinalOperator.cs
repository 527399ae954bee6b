using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Softmax, LogSoftmax and ArgMax over the classes at the end of the network: dropped, since they keep the order of the logits.</summary>
internal sealed class FinalOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["ArgMax", "LogSoftmax", "Softmax"];

    public void Import(NodeContext node)
    {
        Activation input = node.Activation(0);
        bool isArgMax = node.Op == "ArgMax";
        int axis = node.Axis(node.Int("axis", isArgMax ? 0 : node.Opset < 13 ? 1 : -1), input.Rank);
        node.Ignore("keepdims");
        if (node.Int("select_last_index", 0) != 0)
        {
            throw node.Unsupported("attribute select_last_index is 1", "The first of equal maxima is supported.");
        }

        if (!node.Graph.IsOutput(node.Output) || node.Graph.Uses(node.Output) > 1)
        {
            throw node.Unsupported("it is not the end of the network", "At the end it is dropped; in the middle (attention) it is not supported.");
        }

        if (axis != input.ChannelAxis && input.Shape.Channels > 1)
        {
            throw node.Unsupported($"axis {axis} of [{string.Join(", ", input.Dims)}] is not the classes", "The axis of the channels is supported.");
        }

        node.Graph.Notes.Add(
            isArgMax
                ? $"ArgMax node '{node.Name}' was dropped: the network ends in the logits '{input.Name}', and the index of the largest integer is the class."
                : $"{node.Op} node '{node.Name}' was dropped: the network ends in the logits '{input.Name}', whose order is the same.");
        node.Bind(0, input);
    }
}
