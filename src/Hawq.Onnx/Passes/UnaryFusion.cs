namespace Hawq.Onnx.Passes;

/// <summary>
/// Joins element-wise functions: arithmetic on two values that are both functions of one value is a function of that value
/// (x * sigmoid(x), x * clip(x + 3, 0, 6) / 6), and so is a function of a function that nothing else reads.
/// </summary>
internal static class UnaryFusion
{
    /// <summary>Operations in one function: real activation functions have a dozen; the bound keeps hostile models from growing exponentially.</summary>
    private const int MaxSize = 64;

    public static void Run(List<FloatNode> nodes, IReadOnlyList<string> outputs)
    {
        Dictionary<string, int> readers = GraphEditor.Readers(nodes, outputs);
        Dictionary<string, FloatNode> producers = new(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is ArithmeticNode arithmetic && CommonRoot(arithmetic, producers) is { } joined)
            {
                nodes[i] = joined;
            }

            // Only the direct neighbour: its own input was joined to it before.
            if (AsFunction(nodes[i]) is { } outer && producers.GetValueOrDefault(outer.Input) is { } producer && readers[producer.Output] == 1)
            {
                nodes[i] = (producer, nodes[i]) switch
                {
                    (ClipNode first, ClipNode second) => Clamp(first, second),
                    (UnaryNode first, UnaryNode or ClipNode) when Size(first.Function) * Size(outer.Function) <= MaxSize =>
                        new UnaryNode(outer.Name, first.Input, outer.Output, outer.Function.Of(first.Function)),
                    _ => nodes[i],
                };
            }

            producers[nodes[i].Output] = nodes[i];
        }
    }

    private static ClipNode Clamp(ClipNode first, ClipNode second) =>
        second with { Input = first.Input, Lo = Math.Clamp(first.Lo, second.Lo, second.Hi), Hi = Math.Clamp(first.Hi, second.Lo, second.Hi) };

    /// <summary>The arithmetic as a function of the nearest value that both operands are functions of, or null.</summary>
    private static UnaryNode? CommonRoot(ArithmeticNode node, Dictionary<string, FloatNode> producers)
    {
        Dictionary<string, UnaryExpression> left = new(StringComparer.Ordinal);
        foreach ((string root, UnaryExpression function) in Chain(node.A, producers))
        {
            left.Add(root, function);
        }

        foreach ((string root, UnaryExpression function) in Chain(node.B, producers))
        {
            if (left.TryGetValue(root, out UnaryExpression? other))
            {
                return new UnaryNode(node.Name, root, node.Output, new ArithmeticExpression(node.Kind, other, function));
            }
        }

        return null;
    }

    /// <summary>A value as a function of itself, of the value before it, and so on.</summary>
    private static IEnumerable<(string Root, UnaryExpression Function)> Chain(string value, Dictionary<string, FloatNode> producers)
    {
        UnaryExpression function = UnaryExpression.Argument;
        yield return (value, function);

        while (AsFunction(producers.GetValueOrDefault(value)) is { } node && Size(function) * Size(node.Function) <= MaxSize)
        {
            value = node.Input;
            function = function.Of(node.Function);
            yield return (value, function);
        }
    }

    /// <summary>Nodes of the tree, the argument included.</summary>
    private static int Size(UnaryExpression function) => function switch
    {
        FunctionExpression call => 1 + Size(call.Inner),
        ArithmeticExpression arithmetic => 1 + Size(arithmetic.Left) + Size(arithmetic.Right),
        _ => 1,
    };

    private static UnaryNode? AsFunction(FloatNode? node) => node switch
    {
        UnaryNode unary => unary,
        ClipNode clip => new UnaryNode(
            clip.Name, clip.Input, clip.Output, new FunctionExpression(UnaryFunction.Clip, clip.Lo, clip.Hi, UnaryExpression.Argument)),
        _ => null,
    };
}
