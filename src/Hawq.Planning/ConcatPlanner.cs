using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans concatenations.</summary>
internal static class ConcatPlanner
{
    public static Step Plan(StoragePlanner storages, Fusion.Group group, ConcatLayer layer)
    {
        TensorStorage target = storages[layer.Output];
        if (group.Part is { } index)
        {
            ConcatPart part = Part(storages, layer, index);
            ValueRange value = EpiloguePlanner.Centred(part.Source.Tensor);
            Epilogue epilogue = new(value, null, EpiloguePlanner.NoClamp(value), null, EquatableArray.Of(part.Store));
            return new ElementwiseStep(
                layer.Name, group.Layers, WorkDivision.Rows(target.Tensor.Shape), part.Source, epilogue, ElementwiseStep.TiersFor(epilogue));
        }

        return new ConcatStep(
            layer.Name, group.Layers, WorkPlan.Whole, target,
            group.Joined ? default : Enumerable.Range(0, layer.Parts.Count).Select(i => Part(storages, layer, i)).ToEquatableArray());
    }

    private static ConcatPart Part(StoragePlanner storages, ConcatLayer layer, int index)
    {
        TensorStorage source = storages[layer.Parts[index]];
        Requantizer requantize = Requantizer.ForScalar(layer.Requantize[index], EpiloguePlanner.Centred(source.Tensor));
        TensorStorage slice = storages.Part(layer, index);
        return new ConcatPart(source, new Store(slice, requantize, EpiloguePlanner.ClampTo(slice.Tensor, requantize.Result)));
    }
}
