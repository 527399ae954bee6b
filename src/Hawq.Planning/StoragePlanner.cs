using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Decides element, strides, border and place of every tensor that a group stores.</summary>
internal sealed class StoragePlanner
{
    /// <summary>
    /// Bytes behind the last buffer that kernels may read: a 64-byte vector whose first byte is still inside. What they read there meets
    /// zero weights or is not stored.
    /// </summary>
    public const int Slack = 64;

    private readonly Dictionary<string, TensorStorage> _storages = [];
    private readonly Graph _graph;

    public StoragePlanner(Graph graph, List<Fusion.Group> groups)
    {
        _graph = graph;
        // Step 0 is the input, then one step per group, then one per output.
        string[] stored = new[] { graph.Network.Input.Tensor }.Concat(groups.SelectMany(g => g.Stores.Where(s => s.Joined is null).Select(s => s.Tensor))).ToArray();
        Dictionary<string, int> first = [];
        Dictionary<string, int> last = [];
        first[graph.Network.Input.Tensor] = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            foreach (string tensor in groups[i].Reads)
            {
                last[tensor] = i + 1;
            }

            foreach (Fusion.StoreTarget store in groups[i].Stores)
            {
                // A joined tensor lives from the first of its parts on.
                if (!first.ContainsKey(store.Tensor))
                {
                    first[store.Tensor] = i + 1;
                }
            }
        }

        for (int i = 0; i < graph.Network.Outputs.Count; i++)
        {
            last[graph.Network.Outputs[i]] = groups.Count + 1 + i;
        }

        List<ArenaAllocator.Request> requests = [];
        foreach (string name in stored)
        {
            TensorStorage storage = Describe(graph.Tensor(name), Border(graph, name), requests.Count);
            _storages.Add(name, storage);
            int rows = storage.Tensor.Shape.Height + storage.Border.Top + storage.Border.Bottom;
            requests.Add(new ArenaAllocator.Request(
                name, checked(rows * storage.RowStride), first[name], last.TryGetValue(name, out int step) ? step : first[name]));
        }

        Arena = ArenaAllocator.Place(requests, groups.Count + 1 + graph.Network.Outputs.Count, Slack);
        foreach (string name in stored)
        {
            TensorStorage storage = _storages[name];
            _storages[name] = storage with { Offset = Arena.Buffers[storage.Buffer].Offset + storage.InteriorOffset };
        }
    }

    /// <summary>The arena.</summary>
    public ArenaPlan Arena { get; }

    /// <summary>Where a stored tensor lies.</summary>
    public TensorStorage this[string tensor] => _storages[tensor];

    /// <summary>The channels of a joined tensor that one of its parts becomes.</summary>
    public TensorStorage Part(ConcatLayer layer, int index)
    {
        TensorStorage joined = this[layer.Output];
        int channel = layer.Parts.Take(index).Sum(part => _graph.Tensor(part).Shape.Channels);
        return joined with
        {
            Tensor = joined.Tensor with { Shape = _graph.Tensor(layer.Parts[index]).Shape },
            Offset = joined.Offset + (channel * joined.ElementSize),
            Border = default,
        };
    }

    private static TensorStorage Describe(Tensor tensor, Padding border, int buffer)
    {
        (ElementType element, int codeOffset) = Element(tensor);
        int pixelStride = checked(tensor.Shape.Channels * TensorStorage.SizeOf(element));
        int rowStride = checked((tensor.Shape.Width + border.Left + border.Right) * pixelStride);
        return new TensorStorage(tensor, element, codeOffset, 0, pixelStride, rowStride, border, buffer);
    }

    /// <summary>The narrowest element whose span holds the codes, and what moves the codes into its range.</summary>
    internal static (ElementType Element, int CodeOffset) Element(Tensor tensor)
    {
        long span = (long)tensor.Hi - tensor.Lo;
        return span switch
        {
            <= byte.MaxValue => (ElementType.UInt8, tensor.Lo < 0 ? -tensor.Lo : tensor.Hi > byte.MaxValue ? byte.MaxValue - tensor.Hi : 0),
            <= ushort.MaxValue => (ElementType.Int16, tensor is { Lo: >= short.MinValue, Hi: <= short.MaxValue } ? 0 : short.MinValue - tensor.Lo),
            _ => (ElementType.Int32, 0),
        };
    }

    /// <summary>
    /// What all padded convolutions that read a tensor need around it. The declared padding, although a stride may stop short of its last row: the same
    /// strides everywhere let more layers share a kernel.
    /// </summary>
    private static Padding Border(Graph graph, string name)
    {
        Padding border = default;
        foreach (Padding padding in graph.Readers(name).OfType<ConvLayer>().Select(conv => conv.Padding))
        {
            border = new Padding(
                Math.Max(border.Top, padding.Top), Math.Max(border.Left, padding.Left),
                Math.Max(border.Bottom, padding.Bottom), Math.Max(border.Right, padding.Right));
        }

        return border;
    }
}
