using Hawq.Model;
using Hawq.Training.Gradients;

namespace Hawq.Training.Quantized;

/// <summary>
/// Writes a quantized <see cref="Network"/> on a <see cref="Tape"/>: the exact integers of the reference interpreter forward, straight-through gradients
/// backward. Weight codes, biases and multipliers of layers with weights, and multipliers of <see cref="RequantizeLayer"/>s, are inputs.
/// </summary>
internal sealed class IntegerNetworkTape
{
    private readonly Tape _tape;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly Dictionary<string, TapeValue> _values = [];
    private readonly Dictionary<string, TapeValue> _scales;
    private readonly int _batch;

    private IntegerNetworkTape(Tape tape, Network network, int batch, IEnumerable<string> trainedScales)
    {
        _tape = tape;
        _batch = batch;
        _tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        _scales = trainedScales.ToDictionary(name => name, name => new TapeValue(name + ".scale", [1]));
    }

    /// <summary>Name of the input that holds the network's input codes, less their zero point.</summary>
    public const string Input = "input";

    /// <summary>Real logits, [N, classes].</summary>
    public TapeValue Logits { get; private init; } = null!;

    /// <summary>Weight codes by layer, [O, C, KH, KW]; a fully connected layer is a convolution as large as its input.</summary>
    public Dictionary<string, TapeValue> Codes { get; } = [];

    /// <summary>Integer biases by layer, [O].</summary>
    public Dictionary<string, TapeValue> Biases { get; } = [];

    /// <summary>What stands for the scales that are trained, by tensor.</summary>
    public IReadOnlyDictionary<string, TapeValue> Scales => _scales;

    /// <summary>Name of the upper half of a layer's multiplier.</summary>
    public static string HighName(string layer) => layer + "#high";

    /// <summary>Name of the lower half of a layer's multiplier.</summary>
    public static string LowName(string layer) => layer + "#low";

    /// <summary>Writes the network.</summary>
    /// <param name="tape">Where to.</param>
    /// <param name="network">The network.</param>
    /// <param name="batch">Images per run.</param>
    /// <param name="trainedScales">Tensors whose scale gets a gradient; each is written by a layer with weights or a requantize layer.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.TrainingUnsupported"/>: a layer without a rule.</exception>
    public static IntegerNetworkTape Write(Tape tape, Network network, int batch, IEnumerable<string> trainedScales)
    {
        IntegerNetworkTape writer = new(tape, network, batch, trainedScales);
        writer._values[network.Input.Tensor] = tape.Input(Input, writer.Dims(network.Input.Tensor));
        foreach (Layer layer in network.Layers)
        {
            writer._values[layer.Output] = writer.Write(layer);
        }

        // The gradient of a code is already that of its real value.
        TapeValue codes = tape.Flatten(writer._values[network.Outputs[0]]);
        TapeValue real = tape.Emit("Mul", codes.Dims, [codes, tape.Scalar(network.Tensor(network.Outputs[0]).Scale)]);
        return new IntegerNetworkTape(writer, tape.Record(real, (codes, g => g)));
    }

    private IntegerNetworkTape(IntegerNetworkTape writer, TapeValue logits)
    {
        (_tape, _tensors, _values, _scales, _batch) = (writer._tape, writer._tensors, writer._values, writer._scales, writer._batch);
        (Codes, Biases, Logits) = (writer.Codes, writer.Biases, logits);
    }

    private TapeValue Write(Layer layer)
    {
        TapeValue x = _values[layer.Inputs[0]];
        int[] dims = Dims(layer.Output);
        switch (layer)
        {
            case LinearLayer linear:
                return Linear(linear, x);
            case AddLayer add:
                return _tape.Requantize(
                    _tape.Add(Change(x, add.RequantizeA), Change(_values[add.B], add.RequantizeB)), null, null, Lo(add.Output), Hi(add.Output));
            case RequantizeLayer requantize:
                return _tape.Requantize(
                    x, _tape.Input(HighName(layer.Name), 1), _tape.Input(LowName(layer.Name), 1), Lo(layer.Output), Hi(layer.Output), _scales.GetValueOrDefault(layer.Output));
            case GlobalAveragePoolLayer pool:
            {
                TapeValue sum = _tape.SumTo(x, dims);
                float share = 1f / (x.Dims[2] * x.Dims[3]);
                _tape.Record(sum, (x, g => _tape.Emit("Expand", x.Dims, [_tape.Emit("Mul", g.Dims, [g, _tape.Scalar(share)]), _tape.Integers(x.Dims.Select(d => (long)d))])));
                return Fixed(sum, pool.Requantize, layer.Output);
            }

            case ConcatLayer concat:
                return _tape.Concat(
                    [.. concat.Parts.Select((part, i) => Fixed(_values[part], concat.Requantize[i], layer.Output))], 1);
            case SliceLayer slice:
                return _tape.Slice(
                    x, [1, 2, 3], [slice.StartChannel, slice.Start.Height, slice.Start.Width],
                    [
                        slice.StartChannel + dims[1], slice.Start.Height + ((dims[2] - 1) * slice.Step.Height) + 1, slice.Start.Width + ((dims[3] - 1) * slice.Step.Width) + 1,
                    ],
                    [1, slice.Step.Height, slice.Step.Width]);
            case PadLayer pad:
                return _tape.Pad(x, [0, pad.ChannelsBefore, pad.Padding.Top, pad.Padding.Left], [0, pad.ChannelsAfter, pad.Padding.Bottom, pad.Padding.Right]);
            case MaxPoolLayer pool:
                return _tape.MaxPool(x, dims, pool.Kernel, pool.Stride, pool.Padding, pool.Dilation);
            case PermuteLayer permutation:
                return _tape.PermuteChannels(x, [.. permutation.Source]);
            case ResizeLayer resize:
                return _tape.Enlarge(x, resize.Factor);
            default:
                throw new HawqException(
                    HawqIds.TrainingUnsupported, $"The layer '{layer.Name}' ({layer.Op}) has no gradient rule, so that this network cannot be trained. Quantize it with hawq quantize --effort best instead.");
        }
    }

    private TapeValue Linear(LinearLayer layer, TapeValue x)
    {
        int outputs = layer.OutputChannels;
        bool gemm = layer is GemmLayer;
        WeightTensor shape = layer.Weights;
        int[] kernel = gemm ? [x.Dims[2], x.Dims[3], x.Dims[1]] : [shape.KernelHeight, shape.KernelWidth, shape.InputChannels];
        TapeValue codes = Codes[layer.Name] = _tape.Input(layer.Name + "#codes", outputs, kernel[2], kernel[0], kernel[1]);
        TapeValue bias = Biases[layer.Name] = _tape.Input(layer.Name + "#bias", outputs);
        TapeValue step = _tape.Input(layer.Name + "#step", 1, outputs, 1, 1);
        ConvolutionWindow window = layer is ConvLayer conv ? new(conv.Stride, conv.Padding, conv.Dilation, conv.Groups) : new(new(1, 1), default, new(1, 1), 1);

        // The tape's own convolution has the gradients of codes; here they are of real values: the weights' step comes in on the way to the input.
        Tensor output = _tensors[layer.Output];
        TapeValue sum = _tape.Emit("Conv", [x.Dims[0], outputs, output.Shape.Length == outputs ? 1 : output.Shape.Height, output.Shape.Length == outputs ? 1 : output.Shape.Width], [x, codes, bias], Convolution.Attributes(window));
        _tape.Record(
            sum,
            (x, g => Convolution.InputGradient(_tape, _tape.Emit("Mul", g.Dims, [g, step]), codes, x.Dims, window)),
            (codes, g => Convolution.WeightGradient(_tape, x, g, codes.Dims, window)),
            (bias, g => _tape.Raw(_tape.SumTo(g, [1, outputs, 1, 1]), [outputs])));
        return _tape.Requantize(
            sum, _tape.Input(HighName(layer.Name), 1, outputs, 1, 1), _tape.Input(LowName(layer.Name), 1, outputs, 1, 1), Lo(layer.Output), Hi(layer.Output),
            _scales.GetValueOrDefault(layer.Output));
    }

    /// <summary>Requantization by a constant, without a clamp.</summary>
    private TapeValue Change(TapeValue x, Dyadic multiplier) =>
        multiplier.Value == 1 ? x : _tape.Requantize(x, Half(multiplier, true), Half(multiplier, false), -(1 << 23), 1 << 23);

    private TapeValue Fixed(TapeValue x, Dyadic multiplier, string output) =>
        _tape.Requantize(x, Half(multiplier, true), Half(multiplier, false), Lo(output), Hi(output));

    private TapeValue Half(Dyadic multiplier, bool high)
    {
        (float High, float Low) halves = IntegerRules.Halves(multiplier);
        return _tape.Constant([high ? halves.High : halves.Low], 1);
    }

    private int Lo(string tensor) => _tensors[tensor].Lo - _tensors[tensor].ZeroPoint;

    private int Hi(string tensor) => _tensors[tensor].Hi - _tensors[tensor].ZeroPoint;

    private int[] Dims(string tensor)
    {
        Shape shape = _tensors[tensor].Shape;
        return [_batch, shape.Channels, shape.Height, shape.Width];
    }
}
