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

    /// <summary>The groups of a network in execution order.</summary>
    public static List<Group> Run(Graph graph)
    {
        List<Group> groups = [];
        HashSet<Layer> covered = [];
        HashSet<string> inMemory = [graph.Network.Input.Tensor];
        foreach (Layer layer in graph.Network.Layers)
        {
            if (!covered.Add(layer))
            {
                continue;
            }

            Group group = layer switch
            {
                LinearLayer linear => WithStores(graph, layer, FusibleAdd(graph, linear, inMemory)),
                AddLayer or GlobalAveragePoolLayer => WithStores(graph, layer, null),
                RequantizeLayer => new Group(layer, null, null, EquatableArray.Of(new StoreTarget(layer.Output, null))),
                SliceLayer => Copy(graph, layer),
                PadLayer pad => new Group(layer, null, pad, EquatableArray.Of(new StoreTarget(layer.Output, null))),
                _ => throw new HawqException(
                    HawqIds.PlanUnsupported, $"Layer '{layer.Name}': the planner has no step for the operator '{layer.Op}'."),
            };
            groups.Add(group);
            foreach (Layer? fused in group.Stores.Select(s => (Layer?)s.Layer).Append(group.Add).Append(group.Pad))
            {
                if (fused is not null)
                {
                    covered.Add(fused);
                }
            }

            foreach (StoreTarget store in group.Stores)
            {
                inMemory.Add(store.Tensor);
            }
        }

        return groups;
    }

    private static AddLayer? FusibleAdd(Graph graph, Layer layer, HashSet<string> inMemory) =>
        graph.OnlyReader(layer.Output) is AddLayer add && inMemory.Contains(add.A == layer.Output ? add.B : add.A) ? add : null;

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
}
