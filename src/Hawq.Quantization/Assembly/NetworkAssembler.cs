using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Assembly;

/// <summary>Collects the tensors and layers of the integer network as their scales and codes become known, in execution order.</summary>
/// <param name="lowered">What is being quantized.</param>
/// <param name="shortMultipliers">Whether multipliers are shortened to what 32-bit products leave (<see cref="ShortMultipliers"/>).</param>
internal sealed class NetworkAssembler(LoweredNetwork lowered, bool shortMultipliers = false)
{
    /// <summary>The smallest dyadic number: a smaller real multiplier rounds every accumulator to 0 (or to a single step) all the same.</summary>
    private static readonly double SmallestMultiplier = Math.Pow(2, -31);
    private static readonly double LargestMultiplier = Math.Pow(2, 29);

    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly List<Tensor> _tensorList = [];
    private readonly List<Layer> _layers = [];
    private readonly Dictionary<string, sbyte[]> _weights = [];
    private readonly SidecarBuilder _sidecar = new();

    /// <summary>A tensor whose grid is known: every input of the layers added so far, and sums announced early.</summary>
    public Tensor Tensor(string name) => _tensors[name];

    /// <summary>Whether the grid of a tensor is known.</summary>
    public bool Knows(string name) => _tensors.ContainsKey(name);

    /// <summary>Weight codes of a layer, or null.</summary>
    public sbyte[]? Weights(string layer) => _weights.GetValueOrDefault(layer);

    /// <summary>Fixes a tensor's grid. A tensor may be announced before the layer that writes it.</summary>
    public void Add(Tensor tensor) => _tensors.Add(tensor.Name, tensor);

    /// <summary>Adds a layer with weights. Its output must be known, unless it is a branch: that one's grid is the sum's, and its range is proven here.</summary>
    public LinearLayer AddLinear(LoweredLinear layer, LoweredTensor output, QuantizedLinear quantized)
    {
        if (output.Role == TensorRole.Branch)
        {
            float scale = Tensor(output.GridOf!).Scale;
            Add(GridChooser.Branch(output, scale, 0));
            LinearLayer probe = Make(layer, quantized, null);
            double worst = probe.Facts.LargestAccumulator * probe.Requantize.Max(r => r.Value);
            _tensors[output.Name] = GridChooser.Branch(output, scale, worst);
        }

        else if (output.GridOf is { } joined)
        {
            Add(GridChooser.Part(output, Tensor(joined)));
        }

        LinearLayer added = Make(layer, quantized, _sidecar);
        _weights.Add(layer.Name, quantized.Codes);
        Append(added);
        return added;
    }

    private LinearLayer Make(LoweredLinear layer, QuantizedLinear quantized, SidecarBuilder? sidecar)
    {
        Tensor input = Tensor(layer.Input), output = Tensor(layer.Output);
        int channels = layer.Bias.Length;
        int[] bias = new int[channels];
        Dyadic[] requantize = new Dyadic[channels];
        for (int o = 0; o < channels; o++)
        {
            double step = (double)input.Scale * quantized.Scales[o];
            double codes = Math.Floor((quantized.Bias[o] / step) + .5);
            bias[o] = Math.Abs(codes) <= int.MaxValue ? (int)codes : throw new HawqException(
                HawqIds.Calibration, $"The bias of '{layer.Name}' is {codes:G3} steps of its accumulators, which does not fit in int32. The scales of the model, or the calibration data, are wrong.");
            requantize[o] = Multiplier((double)(float)step / output.Scale, output);
        }

        Size2 kernel = layer.Geometry.Kernel;
        sidecar ??= new SidecarBuilder();
        WeightTensor weights = sidecar.Add(
            quantized.Codes, layer.Bits.StoredWeights, channels, kernel.Height, kernel.Width, layer.Geometry.InputChannels, quantized.Scales);
        WeightFacts none = new(0, 0, 0, 0, default);
        LinearLayer added = layer.IsConv
            ? new ConvLayer(
                layer.Name, layer.Input, layer.Output, weights, bias, requantize, none, layer.Geometry.Stride, layer.Geometry.Padding, layer.Geometry.Dilation, layer.Geometry.Groups)
            : new GemmLayer(layer.Name, layer.Input, layer.Output, weights, bias, requantize, none);
        added = added with { Facts = WeightFactsCalculator.Compute(added, quantized.Codes, input) };
        if (added.Facts.AccumulatorLo < int.MinValue || added.Facts.AccumulatorHi > int.MaxValue)
        {
            throw new HawqException(HawqIds.PlanOverflow, $"The accumulators of '{layer.Name}' do not provably fit in int32. Give the layer fewer bits.");
        }

        if (shortMultipliers)
        {
            requantize = ShortMultipliers.Of(requantize, added.Facts.LargestAccumulator);
        }

        return added with { Weights = sidecar.AddTables(weights, bias, requantize), Requantize = requantize };
    }

    /// <summary>Adds a layer without weights; its tensors must be known.</summary>
    public Layer Add(LoweredLayer layer)
    {
        Tensor output = Tensor(layer.Output);
        Layer added = layer switch
        {
            LoweredAdd add => new AddLayer(add.Name, add.A, add.B, add.Output, Change(Tensor(add.A), output), Change(Tensor(add.B), output)),
            LoweredRequantize requantize => new RequantizeLayer(requantize.Name, requantize.Input, requantize.Output, Change(Tensor(requantize.Input), output)),
            LoweredGlobalAveragePool pool => new GlobalAveragePoolLayer(
                pool.Name, pool.Input, pool.Output, Change(Tensor(pool.Input), output, Tensor(pool.Input).Shape.Height * Tensor(pool.Input).Shape.Width)),
            LoweredMove { Node: SliceNode slice } move => new SliceLayer(move.Name, move.Input, move.Output, slice.Start, slice.Step, slice.StartChannel),
            LoweredMove { Node: PadNode pad } move => new PadLayer(move.Name, move.Input, move.Output, pad.Padding, pad.ChannelsBefore, pad.ChannelsAfter),
            _ => OperatorAssembly.Make(layer, Tensor) ?? throw new InvalidOperationException($"No integer layer for {layer.GetType().Name}."),
        };
        Append(added);
        return added;
    }

    /// <summary>The finished network.</summary>
    /// <param name="provenance">Where it came from.</param>
    /// <param name="weightsFile">File name of the sidecar.</param>
    /// <param name="preprocess">How images become inputs, or null.</param>
    /// <param name="labels">Class names.</param>
    public QuantizedModel Finish(Provenance provenance, string weightsFile, Preprocess? preprocess, IReadOnlyList<string> labels)
    {
        byte[] sidecar = _sidecar.ToArray();
        Tensor input = Tensor(lowered.Input);
        EquatableArray<EquatableArray<int>> pixels = preprocess is null ? default : PixelTables.Make(preprocess, input);
        _tensorList.Insert(0, input);
        Network network = new(
            lowered.Graph.Name, provenance, SidecarBuilder.Describe(weightsFile, sidecar), new NetworkInput(input.Name, pixels, preprocess),
            lowered.Outputs.ToEquatableArray(), labels.ToEquatableArray(), _tensorList.ToEquatableArray(), _layers.ToEquatableArray());
        return new QuantizedModel(network, sidecar);
    }

    private void Append(Layer layer)
    {
        _tensorList.Add(Tensor(layer.Output));
        _layers.Add(layer);
    }

    private static Dyadic Change(Tensor from, Tensor to, int divisor = 1) => Multiplier((double)from.Scale / ((double)to.Scale * divisor), to);

    /// <summary>The dyadic number nearest to a real multiplier, or the smallest.</summary>
    /// <param name="real">How many steps of the output one step of what becomes it is.</param>
    /// <param name="output">The output, for the error.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: it is too large.</exception>
    internal static Dyadic Multiplier(double real, Tensor output) => real < LargestMultiplier
        ? Dyadic.FromReal(Math.Max(real, SmallestMultiplier))
        : throw new HawqException(
            HawqIds.Calibration, $"One step of what becomes '{output.Name}' is {real:G3} of its own, and no multiplier is so large. The scales of the model, or the calibration data, are wrong.");
}
