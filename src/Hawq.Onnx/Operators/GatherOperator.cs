using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// Gather from a constant (how exporters pick a dimension out of a shape), of channels in another order, or with codes as indices (<see cref="CodeTable"/>).
/// </summary>
internal sealed class GatherOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Gather"];

    public void Import(NodeContext node)
    {
        long axis = node.Int("axis", 0);
        switch (node.Input(0), node.Input(1))
        {
            case (Constant data, Constant indices):
                Fold(node, data, indices, node.Axis(axis, data.Dims.Length));
                break;
            case (Constant table, Activation positions) when node.Axis(axis, table.Dims.Length) == 0:
                CodeTable.Import(node, table, positions);
                break;
            case (Activation, Constant indices):
                PickChannels(node, indices, axis);
                break;
            default:
                throw node.Unsupported("its indices are computed from the network's input", "Constant indices are supported, and a table of one dimension indexed by codes.");
        }
    }

    private static void Fold(NodeContext node, Constant data, Constant indices, int axis)
    {
        long[] values = node.Integers(1, "indices");
        int[] dims = [.. data.Dims[..axis], .. indices.Dims, .. data.Dims[(axis + 1)..]];
        ConstantMath.CheckCount(node, dims);

        int length = data.Dims[axis];
        int inner = Layout.Product(data.Dims.AsSpan(axis + 1));
        int outer = Layout.Product(data.Dims.AsSpan(0, axis));
        List<int> positions = [];
        for (int i = 0; i < outer; i++)
        {
            foreach (long index in values)
            {
                int at = node.Axis(index, length);
                positions.AddRange(Enumerable.Range(((i * length) + at) * inner, inner));
            }
        }

        node.Bind(0, data.Pick(dims, [.. positions]));
    }

    /// <summary>All channels in another order, or some that follow each other.</summary>
    private static void PickChannels(NodeContext node, Constant indices, long given)
    {
        ImageView view = node.ImageView(0);
        Shape shape = view.Image.Shape;
        int axis = node.Axis(given, view.Axes.Count);
        if (view.Axes[axis] != 1 || indices.Dims.Length != 1 || indices.Count == 0)
        {
            throw node.Unsupported(
                $"it picks [{string.Join(", ", indices.Dims)}] places along axis {given} of [{string.Join(", ", node.Activation(0).Dims)}]",
                "A list of channels is supported; rows and columns are taken by Slice.");
        }

        int[] source = [.. node.Integers(1, "indices").Select(index => node.Axis(index, shape.Channels))];
        shape = shape with { Channels = source.Length };
        if (source.Select((channel, i) => channel == source[0] + i).All(follows => follows))
        {
            node.Emit(new SliceNode(node.Name, view.Image.Name, node.Output, default, new Size2(1, 1), source[0]), view.Restore(Activation.Image(node.Output, shape)));
            return;
        }

        if (!source.Order().SequenceEqual(Enumerable.Range(0, view.Image.Shape.Channels)))
        {
            throw node.Unsupported(
                $"it picks {source.Length} of {view.Image.Shape.Channels} channels in no plain order", "All channels in another order, or some that follow each other, are supported.");
        }

        node.Emit(new ChannelPermutationNode(node.Name, view.Image.Name, node.Output, source), view.Restore(Activation.Image(node.Output, shape)));
    }
}
