using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>Finds the network's one input and its shape.</summary>
internal static class InputReader
{
    private const string Hint = "Export the model with a fixed input size (only the batch may be symbolic).";

    /// <summary>Declares and binds the input; returns its name.</summary>
    public static string Declare(GraphProto graph, GraphBuilder builder)
    {
        // Models before IR version 4 list their initializers as inputs too.
        ValueInfoProto[] inputs = [.. graph.Input.Where(input => builder.Find(input.Name) is null)];
        if (inputs.Length != 1)
        {
            throw new HawqException(
                HawqIds.OnnxUnsupported,
                inputs.Length == 0
                    ? "The graph has no input. Export the model again."
                    : $"The graph has {inputs.Length} inputs ({string.Join(", ", inputs.Select(input => input.Name))}). Networks with one input are supported: make the others constants.");
        }

        ValueInfoProto input = inputs[0];
        int[] dims = Dims(input);
        if (dims.Aggregate(1.0, (product, dim) => product * dim) > ImportLimits.MaxActivationElements)
        {
            throw new HawqException(
                HawqIds.OnnxGraph, $"Input '{input.Name}' [{string.Join(", ", dims)}] has more than {ImportLimits.MaxActivationElements} elements. {Hint}");
        }

        Activation activation = dims switch
        {
            [1, int height, int width, int channels] when IsChannelsLast(graph, input.Name) =>
                Activation.Image(input.Name, new Shape(height, width, channels)).Transposed([0, 2, 3, 1]),
            [1, int channels, int height, int width] => Activation.Image(input.Name, new Shape(height, width, channels)),
            [1, int channels, int length] => Activation.Image(input.Name, new Shape(1, length, channels)).Reshaped(dims)!,
            [1, int features] => Activation.Features(input.Name, features),
            _ => throw new HawqException(
                HawqIds.OnnxUnsupported,
                $"Input '{input.Name}' has the dimensions [{string.Join(", ", dims)}]. Supported are [batch, channels, height, width], [batch, channels, length] and [batch, features]."),
        };
        if (!ImportLimits.Allows(activation.Shape))
        {
            throw new HawqException(
                HawqIds.OnnxGraph,
                $"Input '{input.Name}' is {activation.Shape}; legal are at most {ImportLimits.MaxSide} rows and columns and {ImportLimits.MaxChannels} channels.");
        }

        if (dims.Length == 4 && !activation.IsImage)
        {
            builder.Notes.Add($"Input '{input.Name}' is [batch, height, width, channels] in the model; here it is given with channels first.");
        }

        TensorShapeProto.Types.Dimension batch = input.Type.TensorType.Shape.Dim[0];
        builder.Batch = batch.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? batch.DimValue : 1;
        builder.DeclareInput(input.Name, activation.Shape);
        builder.TryBind(input.Name, activation);
        return input.Name;
    }

    /// <summary>Networks from TensorFlow take [N, H, W, C] and transpose it at once.</summary>
    private static bool IsChannelsLast(GraphProto graph, string input)
    {
        NodeProto[] readers = [.. graph.Node.Where(node => node.Input.Contains(input))];
        return readers.Length > 0 && readers.All(node =>
            node.OpType == "Transpose" && node.Attribute.Any(attribute => attribute.Name == "perm" && attribute.Ints.SequenceEqual([0, 3, 1, 2])));
    }

    private static int[] Dims(ValueInfoProto input)
    {
        if (input.Type?.TensorType is not { Shape: { } shape } tensor)
        {
            throw new HawqException(HawqIds.OnnxUnsupported, $"Input '{input.Name}' has no shape. {Hint}");
        }

        if (tensor.ElemType is not ((int)TensorProto.Types.DataType.Float or (int)TensorProto.Types.DataType.Float16 or (int)TensorProto.Types.DataType.Double))
        {
            throw new HawqException(
                HawqIds.OnnxUnsupported,
                $"Input '{input.Name}' has element type {(TensorProto.Types.DataType)tensor.ElemType}. Export the model with a float input.");
        }

        var dims = new int[shape.Dim.Count];
        for (int i = 0; i < dims.Length; i++)
        {
            TensorShapeProto.Types.Dimension dim = shape.Dim[i];
            bool isSymbolic = dim.ValueCase != TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue || dim.DimValue <= 0;
            if (isSymbolic && i > 0)
            {
                throw new HawqException(
                    HawqIds.OnnxUnsupported, $"Dimension {i} of input '{input.Name}' is symbolic ('{dim.DimParam}'). {Hint}");
            }

            // Calibration and inference run image by image: whatever batch the model was exported with, the network has batch 1.
            dims[i] = i == 0 ? 1 : (int)Math.Min(dim.DimValue, ImportLimits.MaxActivationElements);
        }

        return dims;
    }
}
