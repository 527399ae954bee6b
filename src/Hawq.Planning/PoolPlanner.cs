using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans pooling over windows.</summary>
internal static class PoolPlanner
{
    public static MaxPoolStep Plan(StoragePlanner storages, Fusion.Group group, MaxPoolLayer layer)
    {
        TensorStorage target = storages[layer.Output];
        return new MaxPoolStep(
            layer.Name, group.Layers, WorkDivision.Rows(target.Tensor.Shape), storages[layer.Input],
            new PoolWindow(layer.Kernel, layer.Stride, layer.Padding, layer.Dilation), target);
    }

    public static AveragePoolStep Plan(Graph graph, StoragePlanner storages, Fusion.Group group, AveragePoolLayer layer)
    {
        TensorStorage source = storages[layer.Input];
        Shape output = graph.Tensor(layer.Output).Shape;
        long count = (long)layer.Kernel.Height * layer.Kernel.Width;
        ValueRange code = EpiloguePlanner.Centred(source.Tensor);
        ValueRange sum = new(count * code.Lo, count * code.Hi);
        Refuse.UnlessInt32(layer.Name, "the sum over its window", sum, "Use fewer bits for its input.");
        Requantizer requantize = layer.Divisors.Count == 1
            ? Requantizer.ForScalar(layer.Divisors[0].Requantize, sum)
            : Requantizer.ForChannels(layer.Divisors.Select(divisor => divisor.Requantize).ToEquatableArray(), sum);
        return new AveragePoolStep(
            layer.Name, group.Layers, WorkDivision.Rows(output), source, new PoolWindow(layer.Kernel, layer.Stride, layer.Padding, new Size2(1, 1)), output,
            layer.Divisors, EpiloguePlanner.ForAccumulator(graph, storages, group, requantize, sum));
    }
}
