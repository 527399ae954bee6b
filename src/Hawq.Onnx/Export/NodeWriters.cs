using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

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
            case MulNode mul:
                writer.Node("Mul", mul.Output, mul.Inputs);
                break;
            case SubNode sub:
                writer.Node("Sub", sub.Output, sub.Inputs);
                break;
            case UnaryNode unary:
                UnaryWriter.Write(writer, unary);
                break;
            case PReluNode prelu:
                writer.Node("PRelu", prelu.Output, [prelu.Input, writer.Floats(prelu.Output + "#slope", prelu.Slopes, prelu.Slopes.Length, 1, 1)]);
                break;
            case MaxPoolNode pool:
                writer.Node(
                    "MaxPool", pool.Output, pool.Inputs,
                    [.. Window(pool.Kernel, pool.Stride, pool.Padding), Attribute("dilations", pool.Dilation.Height, pool.Dilation.Width)]);
                break;
            case AveragePoolNode pool:
                writer.Node(
                    "AveragePool", pool.Output, pool.Inputs,
                    [.. Window(pool.Kernel, pool.Stride, pool.Padding), Attribute("count_include_pad", pool.CountIncludePad ? 1 : 0)]);
                break;
            case QuantizeNode quantize:
                Quantize(writer, quantize);
                break;
            case ConcatNode concat:
                writer.Node("Concat", concat.Output, concat.Inputs, Attribute("axis", 1));
                break;
            case ChannelPermutationNode permutation:
                string source = writer.Integers(permutation.Output + "#source", [.. permutation.Source.Select(channel => (long)channel)]);
                writer.Node("Gather", permutation.Output, [permutation.Input, source], Attribute("axis", 1));
                break;
            case ResizeNode resize:
                string scales = writer.Floats(resize.Output + "#scales", [1, 1, resize.Factor.Height, resize.Factor.Width], 4);
                writer.Node(
                    "Resize", resize.Output, [resize.Input, "", scales],
                    Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor"));
                break;
            case ConvTransposeNode conv:
                ConvTranspose(writer, conv);
                break;
            case TableNode table:
                Table(writer, table);
                break;
            case BatchNormalizationNode normalization:
                BatchNormalization(writer, normalization);
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
            "Conv", conv.Output, [writer.LayerInput(conv), weight, bias],
            [.. Window(conv.Kernel, conv.Stride, conv.Padding), Attribute("dilations", conv.Dilation.Height, conv.Dilation.Width), Attribute("group", conv.Groups)]);
    }

    private static void Gemm(ModelWriter writer, GemmNode gemm)
    {
        int outputs = gemm.Bias.Length;
        int inputs = writer.ShapeOf(gemm.Input).Length;
        string weight = writer.Parameter(gemm, FloatGraphExporter.WeightName(gemm), gemm.Weights, outputs, inputs);
        string bias = writer.Parameter(gemm, FloatGraphExporter.BiasName(gemm), gemm.Bias, outputs);
        string flat = gemm.Output + "#flat";
        string features = gemm.Output + "#features";
        writer.Node("Flatten", flat, [writer.LayerInput(gemm)], Attribute("axis", 1));
        writer.Node("Gemm", features, [flat, weight, bias], Attribute("transB", 1));
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

    /// <summary>In single operators, so that every range of codes can be written in this opset.</summary>
    private static void Quantize(ModelWriter writer, QuantizeNode node)
    {
        string Name(string part) => $"{node.Output}#{part}";
        string scale = writer.Floats(Name("scale"), [node.Scale]);
        writer.Node("Div", Name("steps"), [node.Input, scale]);
        writer.Node("Round", Name("rounded"), [Name("steps")]);
        string lo = writer.Floats(Name("lo"), [node.Lo - node.ZeroPoint]);
        string hi = writer.Floats(Name("hi"), [node.Hi - node.ZeroPoint]);
        writer.Node("Clip", Name("clipped"), [Name("rounded"), lo, hi]);
        writer.Node("Mul", node.Output, [Name("clipped"), scale]);
    }

    private static void Table(ModelWriter writer, TableNode node)
    {
        string Name(string part) => $"{node.Output}#{part}";
        int length = node.Tables[0].Length;
        writer.Node("Div", Name("steps"), [node.Input, writer.Floats(Name("scale"), [node.Scale])]);
        writer.Node("Round", Name("rounded"), [Name("steps")]);
        writer.Node("Add", Name("codes"), [Name("rounded"), writer.Floats(Name("zero"), [node.Zero])]);
        writer.Node("Clip", Name("entries"), [Name("codes"), writer.Floats(Name("lo"), [0]), writer.Floats(Name("hi"), [length - 1])]);
        float[] first = [.. Enumerable.Range(0, node.Tables.Count).Select(channel => (float)channel * length)];
        writer.Node("Add", Name("positions"), [Name("entries"), writer.Floats(Name("first"), first, first.Length, 1, 1)]);
        writer.Node("Cast", Name("index"), [Name("positions")], Attribute("to", (long)TensorProto.Types.DataType.Int64));
        writer.Node("Gather", node.Output, [writer.Floats(Name("table"), [.. node.Tables.SelectMany(table => table)], node.Tables.Count * length), Name("index")]);
    }

    private static void ConvTranspose(ModelWriter writer, ConvTransposeNode conv)
    {
        int outputs = conv.Bias.Length;
        string weight = writer.Parameter(
            conv, FloatGraphExporter.WeightName(conv), conv.Weights, writer.ShapeOf(conv.Input).Channels, outputs / conv.Groups, conv.Kernel.Height,
            conv.Kernel.Width);
        string bias = writer.Parameter(conv, FloatGraphExporter.BiasName(conv), conv.Bias, outputs);

        // Fewer than no rows cut off at the end: ONNX calls the surplus output_padding.
        Padding cut = conv.Padding with { Bottom = Math.Max(conv.Padding.Bottom, 0), Right = Math.Max(conv.Padding.Right, 0) };
        writer.Node(
            "ConvTranspose", conv.Output, [conv.Input, weight, bias],
            [
                .. Window(conv.Kernel, conv.Stride, cut), Attribute("dilations", conv.Dilation.Height, conv.Dilation.Width),
                Attribute("group", conv.Groups),
                Attribute("output_padding", cut.Bottom - conv.Padding.Bottom, cut.Right - conv.Padding.Right),
            ]);
    }

    private static void BatchNormalization(ModelWriter writer, BatchNormalizationNode node)
    {
        string PerChannel(string part, float[] values) => writer.Floats($"{node.Output}#{part}", values, values.Length);
        writer.Node(
            "BatchNormalization", node.Output,
            [node.Input, PerChannel("scale", node.Scale), PerChannel("offset", node.Bias), PerChannel("mean", node.Mean), PerChannel("variance", node.Variance)],
            Attribute("epsilon", node.Epsilon));
    }

    private static AttributeProto[] Window(Size2 kernel, Size2 stride, Padding padding) =>
    [
        Attribute("kernel_shape", kernel.Height, kernel.Width),
        Attribute("strides", stride.Height, stride.Width),
        Attribute("pads", padding.Top, padding.Left, padding.Bottom, padding.Right),
    ];
}
