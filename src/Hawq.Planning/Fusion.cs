using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Groups layers into steps. A value that leaves an accumulator (or an addition) stays in a register through: the residual add, if the value has
/// no other reader and the other operand is already in memory; then one store per grid on which somebody reads it.
/// </summary>
internal static class Fusion
{
    /// <summary>One step to be: the layer that starts it, the add fused to it, and what is stored.</summary>
    /// <param name="Head">The layer that starts it.</param>
    /// <param name="Add">The add, or null.</param>
    /// <param name="Pad">The pad behind a slice, or null.</param>
    /// <param name="Stores">What is stored.</param>
    /// <param name="Part">The only part that a concatenation brings to its place in this step, or null.</param>
    /// <param name="Joined">Whether all parts of a concatenation are in their place before this step.</param>
    internal sealed record Group(Layer Head, AddLayer? Add, PadLayer? Pad, EquatableArray<StoreTarget> Stores, int? Part = null, bool Joined = false)
    {
        /// <summary>The names of all layers in the group, in order.</summary>
        public EquatableArray<string> Layers => new[] { Head, Add, Pad }.Concat(Stores.Select(s => (Layer?)s.Layer))
            .Where(layer => layer is not null).Select(layer => layer!.Name).ToEquatableArray();

        /// <summary>The tensors read.</summary>
        public IEnumerable<string> Reads => Part is { } part ? [Head.Inputs[part]] : Joined ? [] : Add is null || Add == Head ? Head.Inputs : Head.Inputs.Append(Other(Add));

        /// <summary>The operand of the fused add that comes from memory.</summary>
        public string Other(AddLayer add) => add.A == Head.Output ? add.B : add.A;
    }

    /// <summary>A tensor to store: the value itself, what <paramref name="Layer"/> makes of it, or its channels of a joined tensor.</summary>
    internal sealed record StoreTarget(string Tensor, RequantizeLayer? Layer, JoinedPart? Joined = null);

    /// <summary>A part of a concatenation that is written where it belongs.</summary>
    internal sealed record JoinedPart(ConcatLayer Layer, int Index);

    /// <summary>
    /// The groups of a network in execution order. The order is the network's, except that the other operand of an add moves in front of the
    /// convolution that the add is fused to.
    /// </summary>
    /// <param name="graph">The network.</param>
    /// <param name="joinInPlace">Whether steps write their channels of a concatenation themselves.</param>
    public static List<Group> Run(Graph graph, bool joinInPlace)
    {
        Scheduler scheduler = new(graph, joinInPlace);
        foreach (Layer layer in graph.Network.Layers)
        {
            scheduler.Visit(layer);
        }

        return scheduler.Groups;
    }

    private static Group Copy(Graph graph, Layer slice)
    {
        PadLayer? pad = graph.OnlyReader(slice.Output) as PadLayer;
        return new Group(slice, null, pad, EquatableArray.Of(new StoreTarget(pad?.Output ?? slice.Output, null)));
    }

    private sealed class Scheduler(Graph graph, bool joinInPlace)
    {
        private readonly HashSet<JoinedPart> _inPlace = [];
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

            if (joinInPlace && layer is ConcatLayer concat)
            {
                Join(concat);
                return;
            }

            Group group = layer switch
            {
                LinearLayer => WithStores(layer, FusibleAdd(layer)),
                AddLayer or GlobalAveragePoolLayer or AveragePoolLayer or MulLayer => WithStores(layer, null),
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
                if (store.Joined is { } part)
                {
                    _inPlace.Add(part);
                }
                else
                {
                    _inMemory.Add(store.Tensor);
                }
            }
        }

        private Group WithStores(Layer head, AddLayer? add)
        {
            string value = add?.Output ?? head.Output;
            List<StoreTarget> stores = [];
            IReadOnlyList<Layer> readers = graph.Readers(value);
            JoinedPart[] parts = [.. readers.OfType<ConcatLayer>().Distinct().SelectMany(concat => PartsOf(concat, value))];
            if (graph.IsOutput(value) || readers.Count > parts.Length + readers.Count(r => r is RequantizeLayer) || readers.Count == 0)
            {
                stores.Add(new StoreTarget(value, null));
            }

            stores.AddRange(readers.OfType<RequantizeLayer>().Select(r => new StoreTarget(r.Output, r)));
            stores.AddRange(parts.Select(part => new StoreTarget(part.Layer.Output, null, part)));
            return new Group(head, add, null, stores.ToEquatableArray());
        }

        // A multiplier that needs 64 bits would take the vector kernels from the step that stores it.
        private IEnumerable<JoinedPart> PartsOf(ConcatLayer concat, string value) => !joinInPlace ? [] : Enumerable.Range(0, concat.Parts.Count)
            .Where(i => concat.Parts[i] == value && Requantizer.ForScalar(concat.Requantize[i], EpiloguePlanner.Centred(graph.Tensor(value))).Form != RequantizeForm.Wide)
            .Select(i => new JoinedPart(concat, i));

        // What nobody has written in its place is brought there, part by part.
        private void Join(ConcatLayer concat)
        {
            for (int i = 0; i < concat.Parts.Count; i++)
            {
                JoinedPart part = new(concat, i);
                if (_inPlace.Add(part))
                {
                    Groups.Add(new Group(concat, null, null, EquatableArray.Of(new StoreTarget(concat.Output, null, part)), Part: i));
                }
            }

            Groups.Add(new Group(concat, null, null, EquatableArray.Of(new StoreTarget(concat.Output, null)), Joined: true));
            _inMemory.Add(concat.Output);
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
