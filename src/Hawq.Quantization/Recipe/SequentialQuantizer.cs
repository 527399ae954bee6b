using Hawq.Model;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Recipe;

/// <summary>
/// Quantizes layer by layer, in execution order. Two streams run side by side over the calibration inputs: the float network, and the integer network as far as it is
/// finished. Each layer sees what the integer layers before it really produce, and is fitted to what the float network would produce.
/// </summary>
/// <param name="lowered">The network.</param>
/// <param name="options">What is asked for.</param>
/// <param name="statistics">Float statistics of the values on the residual grid and of the outputs (their scales come from the float network).</param>
/// <param name="progress">Shows the phase <c>quantize</c>.</param>
/// <param name="cancellation">Stops between layers.</param>
internal sealed class SequentialQuantizer(
    LoweredNetwork lowered, QuantizerOptions options, IReadOnlyDictionary<string, ValueHistogram> statistics, IProgressSink progress, CancellationToken cancellation)
{
    private readonly GridChooser _grids = new(options);
    private readonly LinearRecipe _recipe = new(options.EffectiveRecipe);
    private readonly NetworkAssembler _assembler = new(lowered, options.Grids.ShortMultipliers);
    private readonly Dictionary<string, Batch<float>> _floats = [];
    private readonly Dictionary<string, Batch<int>> _codes = [];
    private readonly List<LayerReport> _reports = [];

    /// <summary>What became of the layers with weights, in execution order.</summary>
    public IReadOnlyList<LayerReport> Reports => _reports;

    /// <summary>Quantizes the network; the assembler holds the result.</summary>
    /// <param name="inputs">Real calibration inputs.</param>
    public NetworkAssembler Run(Batch<float> inputs)
    {
        foreach (Tensor tensor in _grids.Choose(lowered, tensor => tensor.IsFloatGrid, statistics))
        {
            _assembler.Add(tensor);
        }

        LoweredTensor input = lowered.Tensors[lowered.Input];
        _assembler.Add(_grids.Choose(input, Histograms.Of(inputs)));
        _floats[input.Name] = inputs;
        _codes[input.Name] = Encode(inputs, _assembler.Tensor(input.Name));
        Dictionary<string, int> lastRead = LastReads();
        progress.Begin("quantize", lowered.Layers.Count);
        for (int i = 0; i < lowered.Layers.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            LoweredLayer layer = lowered.Layers[i];
            progress.Step(i + 1, layer is LoweredLinear linear ? Quantize(linear) : Quantize(layer));
            if (layer is LoweredLinear)
            {
                progress.Tell(_reports[^1].ToString());
            }

            foreach (string name in layer.Inputs.Append(layer.Output).Where(name => lastRead.GetValueOrDefault(name, -1) <= i))
            {
                _floats.Remove(name);
                _codes.Remove(name);
            }
        }

        return _assembler;
    }

    private string Quantize(LoweredLinear layer)
    {
        LoweredTensor output = lowered.Tensors[layer.Output];
        Tensor input = _assembler.Tensor(layer.Input);
        Batch<float> preActivation = FloatEngine.Linear(layer, _floats[layer.Input]);
        LinearResult result = _recipe.Quantize(layer, input, _codes[layer.Input], Target(layer, preActivation), cancellation);
        if (!_assembler.Knows(output.Name) && output.GridOf is null)
        {
            _assembler.Add(_grids.Choose(output, Histograms.Of(result, input, output)));
        }

        LinearLayer added = _assembler.AddLinear(layer, output, result.Linear);
        Batch<int> accumulators = IntegerEngine.AddBias(result.Products, added.Bias.ToArray());
        _codes[output.Name] = IntegerEngine.Requantize(accumulators, added, _assembler.Tensor(output.Name)).Reshape(output.Shape);
        _floats[output.Name] = FloatEngine.Clamp(preActivation, output).Reshape(output.Shape);
        _reports.Add(result.Report);
        return layer.Name;
    }

    private string Quantize(LoweredLayer layer)
    {
        LoweredTensor output = lowered.Tensors[layer.Output];
        if (layer is LoweredMove move)
        {
            _assembler.Add(GridChooser.Shared(output, _assembler.Tensor(move.Input)));
        }
        else if (!_assembler.Knows(output.Name))
        {
            string from = layer.Inputs[0]; // requantize and average pool: the values are the input's
            Tensor chosen = _grids.Choose(output, layer is LoweredRequantize or LoweredGlobalAveragePool
                ? Histograms.Of(layer, _codes[from], _assembler.Tensor(from), output)
                : Histograms.Of(FloatEngine.Run(layer, output, name => Histograms.Real(_codes[name], _assembler.Tensor(name)))));
            _assembler.Add(layer is LoweredRequantize ? _grids.Behind(_assembler.Tensor(from), output, chosen) : chosen);
        }

        _floats[output.Name] = layer is LoweredRequantize requantize && SameBounds(lowered.Tensors[requantize.Input], output)
            ? _floats[requantize.Input]
            : FloatEngine.Run(layer, output, name => _floats[name]);
        _codes[output.Name] = IntegerEngine.Run(_assembler.Add(layer), null, _assembler.Tensor, name => _codes[name]);
        return layer.Name;
    }

    /// <summary>
    /// The pre-activation output that the layer should produce: the float network's; and for the last branch of an addition also what the other branch has lost
    /// (skip-aware), so that the sum comes out right.
    /// </summary>
    private Batch<float> Target(LoweredLinear layer, Batch<float> preActivation)
    {
        LoweredTensor output = lowered.Tensors[layer.Output];
        LoweredAdd? add = options.EffectiveRecipe.SkipAware && output.Role == TensorRole.Branch && output is { RealLo: float.NegativeInfinity, RealHi: float.PositiveInfinity }
            ? lowered.Layers.OfType<LoweredAdd>().First(a => a.A == output.Name || a.B == output.Name)
            : null;
        string? other = add is null ? null : add.A == output.Name ? add.B : add.A;
        if (other is null || !_codes.TryGetValue(other, out Batch<int>? codes))
        {
            return preActivation;
        }

        Tensor tensor = _assembler.Tensor(other);
        float[] real = _floats[other].Data;
        Batch<float> target = new(preActivation.Shape, preActivation.Count);
        for (int i = 0; i < target.Data.Length; i++)
        {
            target.Data[i] = preActivation.Data[i] + (real[i] - (tensor.Scale * (codes.Data[i] - tensor.ZeroPoint)));
        }

        return target;
    }

    private Dictionary<string, int> LastReads()
    {
        Dictionary<string, int> last = [];
        for (int i = 0; i < lowered.Layers.Count; i++)
        {
            foreach (string name in lowered.Layers[i].Inputs)
            {
                last[name] = i;
            }
        }

        return last;
    }

    private static Batch<int> Encode(Batch<float> values, Tensor tensor)
    {
        Batch<int> codes = new(values.Shape, values.Count);
        NetworkRunner.Encode(tensor, values.Data, codes.Data);
        return codes;
    }

    private static bool SameBounds(LoweredTensor a, LoweredTensor b) => a.RealLo == b.RealLo && a.RealHi == b.RealHi;
}
