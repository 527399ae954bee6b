using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans concatenations.</summary>
internal static class ConcatPlanner
{
    public static ConcatStep Plan(StoragePlanner storages, Fusion.Group group, ConcatLayer layer)
    {
        TensorStorage target = storages[layer.Output];
        List<ConcatPart> parts = [];
        int channel = 0;
        for (int i = 0; i < layer.Parts.Count; i++)
        {
            TensorStorage source = storages[layer.Parts[i]];
            int channels = source.Tensor.Shape.Channels;
            TensorStorage slice = target with
            {
                Tensor = target.Tensor with { Shape = source.Tensor.Shape },
                Offset = target.Offset + (channel * target.ElementSize),
            };
            Requantizer requantize = Requantizer.ForScalar(layer.Requantize[i], EpiloguePlanner.Centred(source.Tensor));
            parts.Add(new ConcatPart(source, new Store(slice, requantize, EpiloguePlanner.ClampTo(target.Tensor, requantize.Result))));
            channel += channels;
        }

        return new ConcatStep(layer.Name, group.Layers, WorkDivision.Rows(target.Tensor.Shape), target, parts.ToEquatableArray());
    }
}
