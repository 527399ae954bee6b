using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Export;

/// <summary>The grid of one exported tensor.</summary>
/// <param name="Name">Tensor that carries it (another one where the twin leaves a requantization out).</param>
/// <param name="Type">Element type.</param>
/// <param name="Scale">Real step.</param>
/// <param name="ZeroPoint">Code of real zero in the exported type.</param>
/// <param name="Lo">Smallest code in the exported type.</param>
/// <param name="Hi">Largest code in the exported type.</param>
internal sealed record ExportedGrid(string Name, TensorProto.Types.DataType Type, float Scale, int ZeroPoint, int Lo, int Hi)
{
    /// <summary>Whether the codes are eight bits wide.</summary>
    public bool IsByte => Type == TensorProto.Types.DataType.Uint8;

    /// <summary>Whether the tensor stays floating point: it is wider than ONNX can quantize.</summary>
    public bool IsReal => Type == TensorProto.Types.DataType.Float;

    /// <summary>Whether saturation of the type is the tensor's own clamp.</summary>
    public bool FillsType => IsByte ? Lo == 0 && Hi == 255 : Lo == short.MinValue && Hi == short.MaxValue;

    /// <summary>The code here of a code of the manifest.</summary>
    public int CodeOf(Tensor tensor, int code) =>
        Math.Clamp((int)Math.Round((code - (double)tensor.ZeroPoint) * tensor.Scale / Scale) + ZeroPoint, Lo, Hi);
}

/// <summary>Chooses the grids.</summary>
internal static class ExportGridPlan
{
    /// <summary>Grids by tensor name.</summary>
    public static Dictionary<string, ExportedGrid> Choose(Network network, ExportGrid kind)
    {
        Dictionary<string, ExportedGrid> grids = [];
        foreach (Tensor tensor in network.Tensors)
        {
            grids[tensor.Name] = kind == ExportGrid.Exact ? Exact(tensor) : Twin(tensor);
        }

        if (kind == ExportGrid.Int8Twin)
        {
            // A wide tensor that is requantized for its consumer gets the consumer's grid at once: eight bits once are enough.
            foreach (RequantizeLayer layer in network.Layers.OfType<RequantizeLayer>())
            {
                Tensor source = network.Tensor(layer.Input);
                if (source.Element is ElementType.Int16 or ElementType.Int32 && grids[layer.Input].Name == layer.Input)
                {
                    grids[layer.Input] = grids[layer.Output];
                }
            }

            // Layers that only move codes keep their input's grid, so that they can work on codes in the twin, too.
            foreach (Layer layer in network.Layers.Reverse().Where(l => l is MaxPoolLayer or PermuteLayer or ResizeLayer or SpreadLayer or SliceLayer or PadLayer))
            {
                string input = layer.Inputs[0];
                if (grids[input].Name == input && network.Tensor(input).Element is ElementType.Int16 or ElementType.Int32)
                {
                    grids[input] = grids[layer.Output] with { Name = input };
                }
            }
        }

        return grids;
    }

    /// <summary>
    /// The tensor's own grid. Signed bytes are shifted by 128 into unsigned ones, the activation type that every backend takes. ONNX has no
    /// wider grid than 16 bits: a wider tensor is rounded to its grid in floating point.
    /// </summary>
    private static ExportedGrid Exact(Tensor tensor) => tensor.Element switch
    {
        ElementType.UInt8 => Byte(tensor, 0),
        ElementType.Int8 => Byte(tensor, 128),
        ElementType.Int16 => new ExportedGrid(tensor.Name, TensorProto.Types.DataType.Int16, tensor.Scale, tensor.ZeroPoint, tensor.Lo, tensor.Hi),
        _ => new ExportedGrid(tensor.Name, TensorProto.Types.DataType.Float, tensor.Scale, tensor.ZeroPoint, tensor.Lo, tensor.Hi),
    };

    private static ExportedGrid Byte(Tensor tensor, int shift) => new(
        tensor.Name, TensorProto.Types.DataType.Uint8, tensor.Scale, tensor.ZeroPoint + shift, tensor.Lo + shift, tensor.Hi + shift);

    /// <summary>Eight bits that cover the same real range, without a clamp of their own.</summary>
    private static ExportedGrid Twin(Tensor tensor)
    {
        if (tensor.Element is ElementType.UInt8 or ElementType.Int8)
        {
            return Exact(tensor) with { Lo = 0, Hi = 255 };
        }

        double scale = tensor.Scale * (tensor.Hi - (double)tensor.Lo) / 255;
        int zeroPoint = (int)Math.Round((tensor.ZeroPoint - (double)tensor.Lo) * tensor.Scale / scale);
        return new ExportedGrid(tensor.Name, TensorProto.Types.DataType.Uint8, (float)scale, zeroPoint, 0, 255);
    }
}
