using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans what happens to a value between an accumulator and memory, with the range at every point.</summary>
internal static class EpiloguePlanner
{
    /// <summary>The epilogue of a group whose accumulator lies in <paramref name="accumulator"/>.</summary>
    public static Epilogue ForAccumulator(
        Graph graph, StoragePlanner storages, Fusion.Group group, Requantizer requantize, ValueRange accumulator)
    {
        Tensor output = graph.Tensor(group.Head.Output);
        Clamp clamp = ClampTo(output, requantize.Result);
        return Finish(graph, storages, group, accumulator, requantize, clamp, AfterClamp(clamp, requantize.Result), group.Add);
    }

    /// <summary>The epilogue of an add or requantize whose first operand is loaded from memory.</summary>
    public static Epilogue ForLoad(Graph graph, StoragePlanner storages, Fusion.Group group, TensorStorage source)
    {
        ValueRange value = Centred(source.Tensor);
        if (group.Head is RequantizeLayer layer)
        {
            Requantizer requantize = Requantizer.ForScalar(layer.Requantize, value);
            Store store = new(storages[layer.Output], requantize, ClampTo(graph.Tensor(layer.Output), requantize.Result));
            return new Epilogue(value, null, NoClamp(value), null, EquatableArray.Of(store));
        }

        return Finish(graph, storages, group, value, null, NoClamp(value), value, (AddLayer)group.Head);
    }

    /// <summary>The codes of a tensor, relative to its zero point.</summary>
    public static ValueRange Centred(Tensor tensor) => new((long)tensor.Lo - tensor.ZeroPoint, (long)tensor.Hi - tensor.ZeroPoint);

    private static Epilogue Finish(
        Graph graph, StoragePlanner storages, Fusion.Group group, ValueRange value, Requantizer? requantize, Clamp clamp, ValueRange clamped, AddLayer? add)
    {
        Tensor tensor = graph.Tensor(add?.Output ?? group.Head.Output);
        ResidualAdd? residual = null;
        if (add is not null)
        {
            // The value is operand A, unless it is the accumulator of the layer that writes operand B.
            bool valueIsB = add != group.Head && add.B == group.Head.Output;
            TensorStorage operand = storages[valueIsB ? add.A : add.B];
            Requantizer self = Requantizer.ForScalar(valueIsB ? add.RequantizeB : add.RequantizeA, clamped);
            Requantizer other = Requantizer.ForScalar(valueIsB ? add.RequantizeA : add.RequantizeB, Centred(operand.Tensor));
            ValueRange sum = new(self.Result.Lo + other.Result.Lo, self.Result.Hi + other.Result.Hi);
            Refuse.UnlessInt32(add.Name, "the sum of its requantized operands", sum, $"Give '{add.Output}' a coarser scale.");
            residual = new ResidualAdd(operand, self, other, ClampTo(tensor, sum));
            clamped = AfterClamp(residual.Clamp, sum);
        }

        Store[] stores = group.Stores.Select(target =>
        {
            Dyadic dyadic = target.Joined is { } part ? part.Layer.Requantize[part.Index] : target.Layer?.Requantize ?? new Dyadic(1 << 30, 30);
            Requantizer grid = Requantizer.ForScalar(dyadic, clamped);
            TensorStorage storage = target.Joined is { } joined ? storages.Part(joined.Layer, joined.Index) : storages[target.Tensor];
            return new Store(storage, grid, ClampTo(graph.Tensor(target.Tensor), grid.Result));
        }).ToArray();
        return new Epilogue(value, requantize, clamp, residual, stores)
        {
            Shorts = residual is null ? null : ShortLanes.For(residual, clamped, stores),
        };
    }

    /// <summary>The clamp to the codes of a tensor, relative to its zero point.</summary>
    public static Clamp ClampTo(Tensor tensor, ValueRange reachable)
    {
        ValueRange centred = Centred(tensor);
        return new Clamp((int)centred.Lo, (int)centred.Hi, reachable.Lo < centred.Lo, reachable.Hi > centred.Hi);
    }

    /// <summary>A range that is not cut.</summary>
    public static Clamp NoClamp(ValueRange range) => new((int)range.Lo, (int)range.Hi, false, false);

    private static ValueRange AfterClamp(Clamp clamp, ValueRange reachable) => new(
        Math.Min(Math.Max(reachable.Lo, clamp.Lo), clamp.Hi), Math.Max(Math.Min(reachable.Hi, clamp.Hi), clamp.Lo));
}
