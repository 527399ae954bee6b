using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Plans convolutions and fully connected layers.</summary>
internal static class ConvPlanner
{
    public static ConvStep Plan(Graph graph, StoragePlanner storages, WeightBlock block, Fusion.Group group, LinearLayer layer, KernelPreference preference)
    {
        TensorStorage input = storages[layer.Input];
        if (input.Element != ElementType.UInt8)
        {
            throw Refuse.Unsupported(
                layer.Name, $"its input '{layer.Input}' is {input.Tensor.TypeName}; weights multiply codes of at most 8 bits. Requantize it first.");
        }

        WeightFacts facts = layer.Facts;
        ValueRange accumulator = new(facts.AccumulatorLo, facts.AccumulatorHi);
        Refuse.UnlessInt32(layer.Name, "its accumulator", accumulator, "Use fewer bits, or raise the scale of the weights.");
        ConvGeometry geometry = Geometry(layer, input, graph.Tensor(layer.Output).Shape);
        Requantizer requantize = Requantizer.ForAccumulators(layer.Requantize, accumulator);
        Epilogue epilogue = EpiloguePlanner.ForAccumulator(graph, storages, group, requantize, accumulator);
        EquatableArray<KernelChoice> kernels = KernelSelector.Select(geometry, input, layer, epilogue, preference);
        int padded = (geometry.Output.Channels + WorkDivision.BlockChannels - 1) / WorkDivision.BlockChannels * WorkDivision.BlockChannels;
        int weightBytes = checked((int)kernels.Max(kernel => KernelSelector.PackedBytes(kernel, geometry)));
        int weightsOffset = block.Take(weightBytes);
        LinearWeights weights = new(
            layer.Weights, layer.Bias, layer.Requantize, facts, weightsOffset, weightBytes,
            block.Take((long)padded * WeightBlock.TableArrays * sizeof(int)), padded);
        return new ConvStep(
            layer.Name, group.Layers, WorkDivision.Convolution(geometry, kernels), input, geometry, weights, epilogue, kernels,
            Proofs.Of(input, layer, epilogue, kernels));
    }

    private static ConvGeometry Geometry(LinearLayer layer, TensorStorage input, Shape output)
    {
        Shape shape = input.Tensor.Shape;
        if (layer is ConvLayer conv)
        {
            int start = input.Offset - (conv.Padding.Top * input.RowStride) - (conv.Padding.Left * input.PixelStride);
            return new ConvGeometry(
                shape, output, new Size2(conv.Weights.KernelHeight, conv.Weights.KernelWidth), conv.Stride, conv.Dilation, conv.Padding, conv.Groups,
                start, input.PixelStride, input.RowStride);
        }

        // A fully connected layer is a convolution with one output pixel: 1x1 over the flattened input, or, where that has a border, as large as the input.
        Size2 one = new(1, 1);
        return input.Dense
            ? new ConvGeometry(new Shape(1, 1, shape.Length), output, one, one, one, default, 1, input.Offset, shape.Length, shape.Length)
            : new ConvGeometry(shape, output, new Size2(shape.Height, shape.Width), one, one, default, 1, input.Offset, input.PixelStride, input.RowStride);
    }
}
