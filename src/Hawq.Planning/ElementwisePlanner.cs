using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans element-wise functions, products and differences.</summary>
internal static class ElementwisePlanner
{
    public static LookupStep Plan(StoragePlanner storages, Fusion.Group group, LookupLayer layer)
    {
        TensorStorage source = storages[layer.Input];
        TensorStorage target = storages[layer.Output];
        EquatableArray<int>[] tables = layer.Tables.Select(table => table.Select(code => code + target.CodeOffset).ToEquatableArray()).ToArray();
        bool same = tables.All(table => table == tables[0]);
        return new LookupStep(
            layer.Name, group.Layers, WorkDivision.Rows(source.Tensor.Shape), source, target, same ? [tables[0]] : tables);
    }

    public static MulStep Plan(Graph graph, StoragePlanner storages, Fusion.Group group, MulLayer layer)
    {
        TensorStorage a = storages[layer.A];
        TensorStorage b = storages[layer.B];
        ValueRange x = EpiloguePlanner.Centred(a.Tensor);
        ValueRange y = EpiloguePlanner.Centred(b.Tensor);
        long[] corners = [checked(x.Lo * y.Lo), checked(x.Lo * y.Hi), checked(x.Hi * y.Lo), checked(x.Hi * y.Hi)];
        ValueRange product = new(corners.Min(), corners.Max());
        Refuse.UnlessInt32(layer.Name, "the product of its inputs", product, "Use fewer bits for one of them.");
        return new MulStep(
            layer.Name, group.Layers, WorkDivision.Rows(a.Tensor.Shape), a, b,
            EpiloguePlanner.ForAccumulator(graph, storages, group, Requantizer.ForScalar(layer.Requantize, product), product));
    }

    public static SubStep Plan(StoragePlanner storages, Fusion.Group group, SubLayer layer)
    {
        TensorStorage a = storages[layer.A];
        TensorStorage b = storages[layer.B];
        TensorStorage target = storages[layer.Output];
        Requantizer left = Requantizer.ForScalar(layer.RequantizeA, EpiloguePlanner.Centred(a.Tensor));
        Requantizer right = Requantizer.ForScalar(layer.RequantizeB, EpiloguePlanner.Centred(b.Tensor));
        ValueRange difference = new(left.Result.Lo - right.Result.Hi, left.Result.Hi - right.Result.Lo);
        Refuse.UnlessInt32(layer.Name, "the difference of its requantized operands", difference, $"Give '{layer.Output}' a coarser scale.");
        Requantizer one = Requantizer.ForScalar(new Dyadic(1 << 30, 30), difference);
        return new SubStep(
            layer.Name, group.Layers, WorkDivision.Rows(target.Tensor.Shape), a, b, left, right,
            new Store(target, one, EpiloguePlanner.ClampTo(target.Tensor, difference)));
    }
}
