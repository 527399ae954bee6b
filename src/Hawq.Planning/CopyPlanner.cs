using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans slices, pads, and slices followed by pads.</summary>
internal static class CopyPlanner
{
    public static CopyStep Plan(StoragePlanner storages, Fusion.Group group)
    {
        SliceLayer? slice = group.Head as SliceLayer;
        TensorStorage source = storages[group.Head.Inputs[0]];
        TensorStorage target = storages[group.Stores[0].Tensor];
        if (source.Element != target.Element || source.CodeOffset != target.CodeOffset || source.Tensor.ZeroPoint != target.Tensor.ZeroPoint)
        {
            throw Refuse.Unsupported(group.Head.Name, $"'{target.Tensor.Name}' must have the range and zero point of '{source.Tensor.Name}', since codes are copied.");
        }

        Padding padding = group.Pad?.Padding ?? default;
        int before = group.Pad?.ChannelsBefore ?? 0;
        int after = group.Pad?.ChannelsAfter ?? 0;
        Shape shape = target.Tensor.Shape;
        return new CopyStep(
            group.Head.Name, group.Layers, WorkDivision.Rows(shape), source, target,
            slice?.Start ?? default, slice?.Step ?? new Size2(1, 1), slice?.StartChannel ?? 0,
            new IndexRange(padding.Top, shape.Height - padding.Top - padding.Bottom),
            new IndexRange(padding.Left, shape.Width - padding.Left - padding.Right),
            new IndexRange(before, shape.Channels - before - after));
    }
}
