using Hawq.Model;

namespace Hawq.Onnx.Export;

/// <summary>FloatGraph node to ONNX nodes; every value is [N, C, H, W].</summary>
internal static class NodeWriters
{
    public static void Write(ModelWriter writer, FloatNode node)
    {
        switch (node)
        {
            case ConvNode conv:
                Conv(writer, conv);
                break;
            case GemmNode gemm:
                Gemm(writer, gemm);
                break;
            case ClipNode clip:
                Clip(writer, clip);
                break;
            case AddNode add:
                writer.Node("Add", add.Output, add.Inputs);
                break;
            case SliceNode slice:
                Slice(writer, slice);
                break;
            case PadNode pad:
                Pad(writer, pad);
                break;
            case GlobalAveragePoolNode pool:
                writer.Node("GlobalAveragePool", pool.Output, pool.Inputs);
                break;
            default:
                throw new NotSupportedException($"{node.GetType().Name} cannot be written as ONNX.");
        }
    }

    private static void Conv(ModelWriter writer, ConvNode conv)
    {
        int outputs = conv.Bias.Length;
        int perGroup = writer.ShapeOf(conv.Input).Channels / conv.Groups;
        string weight = writer.Parameter(
            conv, FloatGraphExporter.WeightName(conv), conv.Weights, outputs, perGroup, conv.Kernel.Height, conv.Kernel.Width);
        string bias = writer.Parameter(conv, FloatGraphExporter.BiasName(conv), conv.Bias, outputs);
        writer.Node(
            "Conv", conv.Output, [conv.Input, weight, bias],
            ModelWriter.Ints("kernel_shape", conv.Kernel.Height, conv.Kernel.Width), ModelWriter.Ints("strides", conv.Stride.Height, conv.Stride.Width),
            Pads(conv.Padding), ModelWriter.Ints("dilations", conv.Dilation.Height, conv.Dilation.Width), ModelWriter.Int("group", conv.Groups));
    }

    private static void Gemm(ModelWriter writer, GemmNode gemm)
    {
        int outputs = gemm.Bias.Length;
        int inputs = writer.ShapeOf(gemm.Input).Length;
        string weight = writer.Parameter(gemm, FloatGraphExporter.WeightName(gemm), gemm.Weights, outputs, inputs);
        string bias = writer.Parameter(gemm, FloatGraphExporter.BiasName(gemm), gemm.Bias, outputs);
        string flat = gemm.Output + "#flat";
        string features = gemm.Output + "#features";
        writer.Node("Flatten", flat, [gemm.Input], ModelWriter.Int("axis", 1));
        writer.Node("Gemm", features, [flat, weight, bias], ModelWriter.Int("transB", 1));
        writer.Node("Reshape", gemm.Output, [features, writer.Integers(gemm.Output + "#shape", 0, outputs, 1, 1)]);
    }

    private static void Clip(ModelWriter writer, ClipNode clip)
    {
        if (clip.Lo == 0 && float.IsPositiveInfinity(clip.Hi))
        {
            writer.Node("Relu", clip.Output, [clip.Input]);
            return;
        }

        string lo = float.IsNegativeInfinity(clip.Lo) ? "" : writer.Floats(clip.Output + "#lo", [clip.Lo]);
        string hi = float.IsPositiveInfinity(clip.Hi) ? "" : writer.Floats(clip.Output + "#hi", [clip.Hi]);
        writer.Node("Clip", clip.Output, [clip.Input, lo, hi]);
    }

    private static void Slice(ModelWriter writer, SliceNode slice)
    {
        Shape shape = writer.ShapeOf(slice.Output);
        int endRow = slice.Start.Height + ((shape.Height - 1) * slice.Step.Height) + 1;
        int endColumn = slice.Start.Width + ((shape.Width - 1) * slice.Step.Width) + 1;
        writer.Node(
            "Slice", slice.Output,
            [
                slice.Input,
                writer.Integers(slice.Output + "#starts", slice.StartChannel, slice.Start.Height, slice.Start.Width),
                writer.Integers(slice.Output + "#ends", slice.StartChannel + shape.Channels, endRow, endColumn),
                writer.Integers(slice.Output + "#axes", 1, 2, 3),
                writer.Integers(slice.Output + "#steps", 1, slice.Step.Height, slice.Step.Width),
            ]);
    }

    private static void Pad(ModelWriter writer, PadNode pad)
    {
        string pads = writer.Integers(
            pad.Output + "#pads", 0, pad.ChannelsBefore, pad.Padding.Top, pad.Padding.Left, 0, pad.ChannelsAfter, pad.Padding.Bottom, pad.Padding.Right);
        writer.Node("Pad", pad.Output, [pad.Input, pads]);
    }

    private static Schema.AttributeProto Pads(Padding padding) => ModelWriter.Ints("pads", padding.Top, padding.Left, padding.Bottom, padding.Right);
}
