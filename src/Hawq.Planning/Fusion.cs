using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Groups layers into steps. A value that leaves an accumulator (or an addition) stays in a register through: the residual add, if the value has
/// no other reader and the other operand is already in memory; then one store per grid on which somebody reads it.
/// </summary>
internal static class Fusion
{
    /// <summary>One step to be: the layer that starts it, the add fused to it, and what is stored.</summary>
    internal sealed record Group(Layer Head, AddLayer? Add, PadLayer? Pad, EquatableArray<StoreTarget> Stores)
    {
        /// <summary>The names of all layers in the group, in order.</summary>
        public EquatableArray<string> Layers => new[] { Head, Add, Pad }.Concat(Stores.Select(s => (Layer?)s.Layer))
            .Where(layer => layer is not null).Select(layer => layer!.Name).ToEquatableArray();

        /// <summary>The tensors read.</summary>
        public IEnumerable<string> Reads => Add is null || Add == Head ? Head.Inputs : Head.Inputs.Append(Other(Add));

        /// <summary>The operand of the fused add that comes from memory.</summary>
        public string Other(AddLayer add) => add.A == Head.Output ? add.B : add.A;
    }

    /// <summary>A tensor to store: the value itself, or what <paramref name="Layer"/> makes of it.</summary>
    internal sealed record StoreTarget(string Tensor, RequantizeLayer? Layer);

    /// <summary>
    /// The groups of a network in execution order. The order is the network's, except that the other operand of an add moves in front of the
    /// convolution that the add is fused to.
    /// </summary>
    public static List<Group> Run(Graph graph)
    {
        Scheduler scheduler = new(graph);
        foreach (Layer layer in graph.Network.Layers)
        {
            scheduler.Visit(layer);
        }

        return scheduler.Groups;
    }

    private static Group WithStores(Graph graph, Layer head, AddLayer? add)
    {
        string value = add?.Output ?? head.Output;
        List<StoreTarget> stores = [];
        IReadOnlyList<Layer> readers = graph.Readers(value);
        if (graph.IsOutput(value) || readers.Any(r => r is not RequantizeLayer) || readers.Count == 0)
        {
            stores.Add(new StoreTarget(value, null));
        }

        stores.AddRange(readers.OfType<RequantizeLayer>().Select(r => new StoreTarget(r.Output, r)));
        return new Group(head, add, null, stores.ToEquatableArray());
    }

    private static Group Copy(Graph graph, Layer slice)
    {
        PadLayer? pad = graph.OnlyReader(slice.Output) as PadLayer;
        return new Group(slice, null, pad, EquatableArray.Of(new StoreTarget(pad?.Output ?? slice.Output, null)));
    }

    private sealed class Scheduler(Graph graph)
    {
        private readonly HashSet<Layer> _started = [];
        private readonly HashSet<Layer> _covered = [];
        private readonly HashSet<string> _inMemory = [graph.Network.Input.Tensor];

        public List<Group> Groups { get; } = [];

        public void Visit(Layer layer)
        {
            if (!_started.Add(layer))
            {
                return;
            }

            foreach (string input in layer.Inputs)
            {
                Produce(input);
            }

            if (_covered.Contains(layer))
            {
                return; // fused to a layer that produces its input
            }

            Group group = layer switch
            {
                LinearLayer => WithStores(graph, layer, FusibleAdd(layer)),
                AddLayer or GlobalAveragePoolLayer or AveragePoolLayer or MulLayer => WithStores(graph, layer, null),
                RequantizeLayer or MaxPoolLayer or ConcatLayer or LookupLayer or SubLayer or PermuteLayer or ResizeLayer or SpreadLayer => new Group(layer, null, null, EquatableArray.Of(new StoreTarget(layer.Output, null))),
                SliceLayer => Copy(graph, layer),
                PadLayer pad => new Group(layer, null, pad, EquatableArray.Of(new StoreTarget(layer.Output, null))),
                _ => throw Refuse.Unsupported(layer.Name, $"the planner has no step for the operator '{layer.Op}'."),
            };
            Groups.Add(group);
            foreach (Layer? fused in group.Stores.Select(s => (Layer?)s.Layer).Append(group.Add).Append(group.Pad))
            {
                if (fused is not null)
                {
                    _started.Add(fused);
                    _covered.Add(fused);
                }
            }

            foreach (StoreTarget store in group.Stores)
            {
                _inMemory.Add(store.Tensor);
            }
        }

        /// <summary>
        /// The add that reads a layer's output, if it alone does. Its other operand is computed first, unless that is just being done: of two convolutions
        /// that meet in an add, the second one fuses it.
        /// </summary>
        private AddLayer? FusibleAdd(Layer layer)
        {
            if (graph.OnlyReader(layer.Output) is not AddLayer add)
            {
                return null;
            }

            string other = add.A == layer.Output ? add.B : add.A;
            Produce(other);
            return _inMemory.Contains(other) ? add : null;
        }

        private void Produce(string tensor)
        {
            if (!_inMemory.Contains(tensor) && graph.Producer(tensor) is { } producer)
            {
                Visit(producer);
            }
        }
    }
}
