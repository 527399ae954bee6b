using Hawq.Model;
using Hawq.Onnx;

namespace Hawq.Training.Gradients;

/// <summary>Writes a <see cref="FloatGraph"/> on a <see cref="Tape"/>: its values for one batch, with gradients to the input and to every parameter.</summary>
public sealed class FloatGraphTape
{
    private readonly Tape _tape;
    private readonly FloatGraph _graph;
    private readonly Func<FloatNode, string, float[], int[], TapeValue> _parameter;
    private readonly Dictionary<string, TapeValue> _values = new(StringComparer.Ordinal);

    private FloatGraphTape(Tape tape, FloatGraph graph, Func<FloatNode, string, float[], int[], TapeValue> parameter) =>
        (_tape, _graph, _parameter) = (tape, graph, parameter);

    /// <summary>Whether a graph can be differentiated; otherwise the first node that cannot.</summary>
    public static FloatNode? Unsupported(FloatGraph graph) => graph.Nodes.FirstOrDefault(node => node is not (
        ConvNode or GemmNode or BatchNormalizationNode or ClipNode or AddNode or SubNode or MulNode or ConcatNode or SliceNode or PadNode or MaxPoolNode or AveragePoolNode
        or GlobalAveragePoolNode or ChannelPermutationNode or ResizeNode));

    /// <summary>Writes the graph.</summary>
    /// <param name="tape">Where to.</param>
    /// <param name="graph">The network; batch normalizations take their inference form.</param>
    /// <param name="input">Its input, [N, C, H, W].</param>
    /// <param name="parameter">
    /// Makes the value of a parameter: node, part (<c>weight</c>, <c>bias</c>, <c>scale</c>), numbers, shape. Null: constants.
    /// </param>
    /// <returns>All values by name, each [N, C, H, W].</returns>
    /// <exception cref="HawqException"><see cref="HawqIds.TrainingUnsupported"/>: a node without a gradient rule.</exception>
    public static IReadOnlyDictionary<string, TapeValue> Write(
        Tape tape, FloatGraph graph, TapeValue input, Func<FloatNode, string, float[], int[], TapeValue>? parameter = null)
    {
        FloatGraphTape writer = new(tape, graph, parameter ?? ((_, _, values, dims) => tape.Constant(values, dims)));
        writer._values[graph.Input] = input;
        foreach (FloatNode node in graph.Nodes)
        {
            writer._values[node.Output] = writer.Write(node);
        }

        return writer._values;
    }

    private TapeValue Write(FloatNode node)
    {
        TapeValue x = _values[node.Inputs[0]];
        Shape shape = _graph.Shapes[node.Output];
        int[] dims = [x.Dims[0], shape.Channels, shape.Height, shape.Width];
        switch (node)
        {
            case ConvNode conv:
                return _tape.Conv(
                    x, _parameter(conv, "weight", conv.Weights, [shape.Channels, x.Dims[1] / conv.Groups, conv.Kernel.Height, conv.Kernel.Width]),
                    _parameter(conv, "bias", conv.Bias, [shape.Channels]), new ConvolutionWindow(conv.Stride, conv.Padding, conv.Dilation, conv.Groups));
            case GemmNode gemm:
                return _tape.Reshape(
                    _tape.Gemm(
                        _tape.Flatten(x), _parameter(gemm, "weight", gemm.Weights, [gemm.Bias.Length, x.Count / x.Dims[0]]),
                        _parameter(gemm, "bias", gemm.Bias, [gemm.Bias.Length])),
                    dims);
            case BatchNormalizationNode normalization:
                int[] channels = [shape.Channels];
                return _tape.BatchNormalization(
                    x, _parameter(normalization, "scale", normalization.Scale, channels), _parameter(normalization, "bias", normalization.Bias, channels),
                    _tape.Constant(normalization.Mean, channels), _tape.Constant(normalization.Variance, channels), normalization.Epsilon);
            case ClipNode clip:
                return _tape.Clip(x, clip.Lo, clip.Hi);
            case AddNode add:
                return _tape.Add(x, _values[add.B]);
            case SubNode sub:
                return _tape.Sub(x, _values[sub.B]);
            case MulNode mul:
                return _tape.Mul(x, _values[mul.B]);
            case ConcatNode concat:
                return _tape.Concat([.. concat.Parts.Select(part => _values[part])], 1);
            case SliceNode slice:
                return _tape.Slice(
                    x, [1, 2, 3], [slice.StartChannel, slice.Start.Height, slice.Start.Width],
                    [
                        slice.StartChannel + shape.Channels, slice.Start.Height + ((shape.Height - 1) * slice.Step.Height) + 1,
                        slice.Start.Width + ((shape.Width - 1) * slice.Step.Width) + 1,
                    ],
                    [1, slice.Step.Height, slice.Step.Width]);
            case PadNode pad:
                return _tape.Pad(
                    x, [0, pad.ChannelsBefore, pad.Padding.Top, pad.Padding.Left], [0, pad.ChannelsAfter, pad.Padding.Bottom, pad.Padding.Right]);
            case MaxPoolNode pool:
                return _tape.MaxPool(x, dims, pool.Kernel, pool.Stride, pool.Padding, pool.Dilation);
            case AveragePoolNode pool:
                return _tape.AveragePool(x, dims, pool.Kernel, pool.Stride, pool.Padding, pool.CountIncludePad);
            case GlobalAveragePoolNode:
                return _tape.GlobalAveragePool(x);
            case ChannelPermutationNode permutation:
                return _tape.PermuteChannels(x, permutation.Source);
            case ResizeNode resize:
                return _tape.Enlarge(x, resize.Factor);
            default:
                throw new HawqException(
                    HawqIds.TrainingUnsupported,
                    $"The node '{node.Name}' ({node.GetType().Name}) has no gradient rule, so that this network cannot be trained or inverted. Post-training quantization needs no gradients: hawq quantize with real inputs.");
        }
    }
}
