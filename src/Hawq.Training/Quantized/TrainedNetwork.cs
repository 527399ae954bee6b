using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Rounding;
using Hawq.Training.Optimization;

namespace Hawq.Training.Quantized;

/// <summary>A quantized network whose weights, biases, weight steps and low-bit activation steps are being trained. Grids wider than 8 bits stay.</summary>
internal sealed class TrainedNetwork
{
    private static readonly double SmallestMultiplier = Math.Pow(2, -31);

    private readonly Network _network;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly List<TrainedLayer> _layers = [];
    private readonly SortedDictionary<string, float[]> _logScales = new(StringComparer.Ordinal);

    /// <summary>Starts from a manifest.</summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="graph">The float network that it was made from, or null.</param>
    /// <param name="options">How weights are trained.</param>
    public TrainedNetwork(Network network, NetworkWeights weights, FloatGraph? graph, TrainingOptions options)
    {
        _network = network;
        _tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (LinearLayer layer in network.Layers.OfType<LinearLayer>())
        {
            FloatNode? node = graph?.Nodes.FirstOrDefault(n => n.Name == layer.Name);
            _layers.Add(new TrainedLayer(layer, _tensors[layer.Input], weights.Unpack(layer.Weights), node, options, () => Softness, LaneBudget.Of(network, layer)));
        }

        foreach (Layer layer in network.Layers.Where(l => l is LinearLayer or RequantizeLayer))
        {
            Tensor tensor = _tensors[layer.Output];
            bool whole = tensor.Hi == (1 << tensor.Bits) - 1 || tensor.Hi == (1 << (tensor.Bits - 1)) - 1;
            Layer[] readers = [.. network.Layers.Where(reader => reader.Inputs.Contains(tensor.Name))];
            if (tensor.Bits <= 8 && whole && tensor.ZeroPoint == 0 && !network.Outputs.Contains(tensor.Name) && readers.Length > 0 && readers.All(reader => reader is LinearLayer))
            {
                _logScales.Add(tensor.Name, [MathF.Log(tensor.Scale)]);
            }
        }
    }

    /// <summary>beta of the mean field.</summary>
    public double Softness { get; set; } = 1;

    /// <summary>Layers with weights, in execution order.</summary>
    public IReadOnlyList<TrainedLayer> Layers => _layers;

    /// <summary>Tensors whose scale is trained.</summary>
    public IReadOnlyCollection<string> ScaledTensors => _logScales.Keys;

    /// <summary>Everything that a step changes.</summary>
    public IEnumerable<(string Name, float[] Values)> Parameters =>
        _layers.SelectMany(layer => new[] { (layer.Layer.Name + ".latent", layer.Latent), (layer.Layer.Name + ".steps", layer.LogSteps), (layer.Layer.Name + ".bias", layer.Bias) })
            .Concat(_logScales.Select(pair => (pair.Key + ".scale", pair.Value)));

    /// <summary>What the tape's inputs are now.</summary>
    public Dictionary<string, float[]> TapeInputs()
    {
        Dictionary<string, float[]> inputs = [];
        void Add(string layer, IEnumerable<Dyadic> multipliers)
        {
            (float High, float Low)[] halves = [.. multipliers.Select(IntegerRules.Halves)];
            inputs.Add(IntegerNetworkTape.HighName(layer), [.. halves.Select(h => h.High)]);
            inputs.Add(IntegerNetworkTape.LowName(layer), [.. halves.Select(h => h.Low)]);
        }

        foreach (TrainedLayer layer in _layers)
        {
            layer.Forward();
            (int[] bias, Dyadic[] multipliers) = layer.Integers(Scale(layer.Layer.Input), Scale(layer.Layer.Output));
            inputs.Add(layer.Layer.Name + "#codes", layer.Codes);
            inputs.Add(layer.Layer.Name + "#bias", Array.ConvertAll(bias, b => (float)b));
            inputs.Add(layer.Layer.Name + "#step", layer.Steps);
            Add(layer.Layer.Name, multipliers);
        }

        foreach (RequantizeLayer layer in _network.Layers.OfType<RequantizeLayer>())
        {
            Add(layer.Name, [Change(layer)]);
        }

        return inputs;
    }

    /// <summary>One step of the optimizer.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="rate">Rate of weights; logarithms of steps and biases take a tenth.</param>
    /// <param name="weights">Per layer: sum of code x real gradient, per weight.</param>
    /// <param name="biases">Per layer: sum of real gradients, per channel.</param>
    /// <param name="scales">Per trained tensor: gradient of its scale.</param>
    public void Step(Optimizer optimizer, double rate, IReadOnlyList<float[]> weights, IReadOnlyList<float[]> biases, IReadOnlyList<float[]> scales)
    {
        const double Slow = .1;
        optimizer.BeginStep();
        for (int i = 0; i < _layers.Count; i++)
        {
            TrainedLayer layer = _layers[i];
            (float[] latent, float[] steps, float[] bias) = layer.Backward(weights[i], biases[i], Scale(layer.Layer.Input));
            optimizer.Update(layer.Layer.Name + ".latent", layer.Latent, latent, rate);
            optimizer.Update(layer.Layer.Name + ".steps", layer.LogSteps, steps, rate * Slow);
            optimizer.Update(layer.Layer.Name + ".bias", layer.Bias, bias, rate * Slow);
            layer.AfterStep();
        }

        int at = 0;
        foreach ((string name, float[] value) in _logScales)
        {
            optimizer.Update(name + ".scale", value, [scales[at++][0] * Scale(name)], rate * Slow);
        }
    }

    /// <summary>The network as it would be deployed now.</summary>
    /// <param name="settings">Added to the provenance.</param>
    /// <param name="weightsFile">File name of the sidecar.</param>
    public QuantizedModel ToModel(IEnumerable<Setting> settings, string weightsFile)
    {
        SidecarBuilder sidecar = new();
        Dictionary<string, Tensor> tensors = _network.Tensors.Select(tensor => tensor with { Scale = Scale(tensor.Name) }).ToDictionary(tensor => tensor.Name);
        List<Layer> layers = [];
        foreach (Layer layer in _network.Layers)
        {
            layers.Add(layer switch
            {
                LinearLayer linear => Finish(_layers.Single(l => l.Layer.Name == linear.Name), tensors, sidecar),
                RequantizeLayer requantize => requantize with { Requantize = Change(requantize) },
                _ => layer,
            });
        }

        byte[] bytes = sidecar.ToArray();
        return new QuantizedModel(
            _network with
            {
                Provenance = _network.Provenance with { Settings = _network.Provenance.Settings.Concat(settings).ToEquatableArray(), Card = default },
                WeightsFile = SidecarBuilder.Describe(weightsFile, bytes),
                Tensors = _network.Tensors.Select(tensor => tensors[tensor.Name]).ToEquatableArray(),
                Layers = layers.ToEquatableArray(),
            },
            bytes);
    }

    /// <summary>The dyadic number nearest to a real multiplier, or the smallest.</summary>
    internal static Dyadic Multiplier(double real) => Dyadic.FromReal(Math.Max(real, SmallestMultiplier));

    private LinearLayer Finish(TrainedLayer trained, Dictionary<string, Tensor> tensors, SidecarBuilder sidecar)
    {
        LinearLayer layer = trained.Layer;
        Tensor input = tensors[layer.Input], output = tensors[layer.Output];
        sbyte[] codes = trained.Harden();
        (int[] bias, Dyadic[] multipliers) = trained.Integers(input.Scale, output.Scale);
        WeightTensor old = layer.Weights;
        WeightTensor weights = sidecar.Add(codes, old.Bits, old.OutputChannels, old.KernelHeight, old.KernelWidth, old.InputChannels, trained.Steps);
        LinearLayer finished = layer with { Weights = weights, Bias = bias, Requantize = multipliers };
        finished = finished with { Facts = WeightFactsCalculator.Compute(finished, codes, input) };
        if (_network.Provenance.Settings.Contains(ShortMultipliers.Setting))
        {
            multipliers = ShortMultipliers.Of(multipliers, finished.Facts.LargestAccumulator);
        }

        finished = finished with { Weights = sidecar.AddTables(weights, bias, multipliers), Requantize = multipliers };
        double worst = finished.Facts.LargestAccumulator * multipliers.Max(m => m.Value);
        if (output.Bits == 32 && output.Hi <= worst)
        {
            int limit = output.Hi;
            while (limit < 1 << 30 && limit <= worst)
            {
                limit <<= 1;
            }

            tensors[output.Name] = output with { Lo = output.Lo < 0 ? -limit : 0, Hi = limit };
        }

        return finished;
    }

    private Dyadic Change(RequantizeLayer layer) => Multiplier((double)Scale(layer.Input) / Scale(layer.Output));

    private float Scale(string tensor) => _logScales.TryGetValue(tensor, out float[]? log) ? MathF.Exp(log[0]) : _tensors[tensor].Scale;
}
