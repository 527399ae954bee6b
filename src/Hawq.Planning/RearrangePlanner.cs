using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans layers that move codes unchanged.</summary>
internal static class RearrangePlanner
{
    public static PermuteStep Plan(StoragePlanner storages, Fusion.Group group, PermuteLayer layer)
    {
        TensorStorage target = storages[layer.Output];
        return new PermuteStep(layer.Name, group.Layers, WorkDivision.Rows(target.Tensor.Shape), storages[layer.Input], target, layer.Source);
    }

    public static EnlargeStep Plan(StoragePlanner storages, Fusion.Group group, ResizeLayer layer) =>
        Enlarge(storages, group, layer, layer.Factor, true);

    public static EnlargeStep Plan(StoragePlanner storages, Fusion.Group group, SpreadLayer layer) =>
        Enlarge(storages, group, layer, layer.Step, false);

    private static EnlargeStep Enlarge(StoragePlanner storages, Fusion.Group group, Layer layer, Size2 factor, bool repeat)
    {
        TensorStorage source = storages[layer.Inputs[0]];
        return new EnlargeStep(layer.Name, group.Layers, WorkDivision.Rows(source.Tensor.Shape), source, storages[layer.Output], factor, repeat);
    }
}
