using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;

namespace Hawq.Quantization.Sensitivity;

/// <summary>Measures one layer after another, in execution order: everything in front of the layer is run once.</summary>
internal sealed class LayerMeasurement
{
    private readonly SensitivityOptions _options;
    private readonly IDataSet _data;
    private readonly CancellationToken _cancellation;
    private readonly GraphCuts _cuts;
    private readonly PrefixValues _prefix;
    private readonly SoftLabels _labels;
    private readonly Dictionary<LayerBits, LoweredNetwork> _lowered;
    private readonly QuantizerOptions _quantizer;

    public LayerMeasurement(FloatGraph graph, IDataSet data, int images, SensitivityOptions options, CancellationToken cancellation)
    {
        (_options, _data, _cancellation) = (options, data, cancellation);
        _cuts = new GraphCuts(graph);
        _prefix = new PrefixValues(graph, _cuts, data, images);
        _quantizer = new QuantizerOptions { Effort = options.Effort };
        _lowered = options.Options.ToDictionary(
            bits => bits, bits => GraphLowering.Lower(graph, _quantizer.Grids with { Bits = new BitAssignment(bits) { First = null, Last = null } }));
        using GraphSession session = new(graph, graph.Outputs[0]);
        float[][] logits = new float[_prefix.Batches.Length][];
        _prefix.ForEachBatch(b => logits[b] = session.Run(_prefix.Batches[b]), cancellation);
        int classes = graph.Shapes[graph.Outputs[0]].Length;
        _labels = new SoftLabels([.. logits.SelectMany(batch => batch.Chunk(classes))]);
    }

    /// <summary>Measures a layer. Layers come in execution order.</summary>
    public LayerSensitivity Measure(FloatNode layer, int index)
    {
        _prefix.MoveTo(_cuts.Before(layer), _cancellation);
        float[][] planes = Inputs(layer);
        Batch<float> inputs = ChannelsLast(planes, _prefix.Rest.Shapes[layer.Inputs[0]]);
        return _options.Metric == SensitivityMetric.Hessian ? Hessian(layer, index, planes, inputs) : Direct(layer, inputs);
    }

    private LayerSensitivity Direct(FloatNode layer, Batch<float> inputs)
    {
        FloatGraph rest = _prefix.Rest;
        using GraphSession session = new(rest, rest.Outputs[0], layer, quantizedInput: true);
        List<OptionSensitivity> values = [];
        foreach (LayerBits bits in _options.Options)
        {
            LoweredLinear linear = Linear(layer, bits);
            Tensor grid = Grid(linear, bits, inputs);
            Batch<int> codes = new(inputs.Shape, inputs.Count);
            NetworkRunner.Encode(grid, inputs.Data, codes.Data);
            QuantizedLinear quantized = new LinearRecipe(_options.Effort, refit: false).Quantize(
                linear, grid, codes, FloatEngine.Linear(linear, inputs.Reshape(linear.Geometry.Input)), _cancellation).Linear;
            (string, float[])[] given =
            [
                (FloatGraphExporter.WeightName(layer), Weights(layer, quantized)),
                (FloatGraphExporter.BiasName(layer), Array.ConvertAll(quantized.Bias, b => (float)b)),
                (FloatGraphExporter.StepName(layer), [grid.Scale]),
                (FloatGraphExporter.LowName(layer), [grid.Lo - grid.ZeroPoint]),
                (FloatGraphExporter.HighName(layer), [grid.Hi - grid.ZeroPoint]),
            ];
            double[] perImage = new double[_prefix.Count];
            _prefix.ForEachBatch(
                b =>
                {
                    float[] logits = session.Run(_prefix.Batches[b], given);
                    for (int image = 0; image * _labels.Classes < logits.Length; image++)
                    {
                        int at = (b * PrefixValues.BatchSize) + image;
                        perImage[at] = Score(at, logits.AsSpan(image * _labels.Classes, _labels.Classes));
                    }
                }, _cancellation);
            double mean = perImage.Average();
            double variance = perImage.Sum(v => (v - mean) * (v - mean)) / (perImage.Length - 1);
            values.Add(new OptionSensitivity(bits, mean, Math.Sqrt(variance / perImage.Length)));
        }

        return new LayerSensitivity(layer.Name, values.ToEquatableArray());
    }

    private LayerSensitivity Hessian(FloatNode layer, int index, float[][] planes, Batch<float> inputs)
    {
        TraceEstimate weights = HessianTrace.OfWeights(_prefix, layer, index, _labels, _options.Hessian, _cancellation);
        TraceEstimate? input = _options.HasActivationTerm
            ? HessianTrace.OfInput(_prefix, layer, index, planes, _labels, _options.Hessian, _cancellation)
            : null;
        List<OptionSensitivity> values = [];
        foreach (LayerBits bits in _options.Options)
        {
            LoweredLinear linear = Linear(layer, bits);
            Tensor grid = Grid(linear, bits, inputs);
            double weightError = SquaredError(linear, grid), weightFactor = weightError / linear.Weights.Length;
            double value = weightFactor * weights.Trace, variance = Math.Pow(weightFactor * weights.StandardError, 2);
            if (input is not null)
            {
                // With both terms each is what it predicts of the loss, half the curvature; without, it is HAWQ-V3's Omega as published.
                double inputError = MeanSquaredError(grid, inputs);
                value = 0.5 * (value + (inputError * input.Trace));
                variance = 0.25 * (variance + Math.Pow(inputError * input.StandardError, 2));
            }

            values.Add(new OptionSensitivity(bits, Math.Max(value, 0), Math.Sqrt(variance)));
        }

        return new LayerSensitivity(layer.Name, values.ToEquatableArray(), weights, input);
    }

    private double Score(int image, ReadOnlySpan<float> logits) => _options.Metric switch
    {
        SensitivityMetric.Kl => _labels.Kl(image, logits),
        SensitivityMetric.Loss => _labels.LossIncrease(image, _data.Labels.Count > image ? _data.Labels[image] : _labels.Choice(image), logits),
        _ => _labels.SquaredError(image, logits),
    };

    /// <summary>What the layer reads, batch by batch, in ONNX order.</summary>
    private float[][] Inputs(FloatNode layer)
    {
        FloatGraph rest = _prefix.Rest;
        string input = layer.Inputs[0];
        if (input == rest.Input)
        {
            return _prefix.Batches;
        }

        using GraphSession session = new(rest, input);
        float[][] values = new float[_prefix.Batches.Length][];
        _prefix.ForEachBatch(b => values[b] = session.Run(_prefix.Batches[b]), _cancellation);
        return values;
    }

    private Batch<float> ChannelsLast(float[][] planes, Shape shape)
    {
        Batch<float> inputs = new(shape, _prefix.Count);
        for (int image = 0; image < inputs.Count; image++)
        {
            (int b, int at) = Math.DivRem(image, PrefixValues.BatchSize);
            Layout.FromPlanes(planes[b].AsSpan(at * shape.Length, shape.Length), inputs[image], shape);
        }

        return inputs;
    }

    private LoweredLinear Linear(FloatNode layer, LayerBits bits) => _lowered[bits].Linears.Single(linear => linear.Name == layer.Name);

    private Tensor Grid(LoweredLinear linear, LayerBits bits, Batch<float> inputs)
    {
        ValueHistogram values = Histograms.Of(inputs);
        LoweredTensor tensor = _lowered[bits].Tensors[linear.Input];
        return new GridChooser(_quantizer).Choose(
            tensor with
            {
                Role = TensorRole.Activation, Bits = bits.Activations, Shape = inputs.Shape, GridOf = null,
                RealLo = tensor.Role == TensorRole.Input && values.Min >= 0 ? 0 : tensor.RealLo, // images without a mean to subtract
            },
            values);
    }

    /// <summary>The quantized weights as real numbers in ONNX order.</summary>
    private float[] Weights(FloatNode layer, QuantizedLinear quantized)
    {
        float[] real = new float[quantized.Codes.Length];
        int perChannel = real.Length / quantized.Scales.Length;
        for (int i = 0; i < real.Length; i++)
        {
            real[i] = quantized.Codes[i] * quantized.Scales[i / perChannel];
        }

        Shape input = _prefix.Rest.Shapes[layer.Inputs[0]];
        (int channels, int positions) = layer is ConvNode conv
            ? (input.Channels / conv.Groups, conv.Kernel.Height * conv.Kernel.Width)
            : (input.Channels, input.Height * input.Width);
        return WeightOrder.ChannelsLast(real, quantized.Scales.Length, positions, channels); // the same exchange of axes, the other way
    }

    /// <summary>||Q(W) - W||^2 with the largest weight of each channel at the largest code, HAWQ-V3's quantizer.</summary>
    private static double SquaredError(LoweredLinear linear, Tensor grid)
    {
        QuantizedLinear nearest = QuantizedLinear.Nearest(linear, grid);
        double sum = 0;
        for (int i = 0; i < nearest.Codes.Length; i++)
        {
            double error = ((double)nearest.Codes[i] * nearest.Scales[i / linear.Geometry.PerChannel]) - linear.Weights[i];
            sum += error * error;
        }

        return sum;
    }

    private static double MeanSquaredError(Tensor grid, Batch<float> inputs)
    {
        int[] codes = new int[inputs.Data.Length];
        NetworkRunner.Encode(grid, inputs.Data, codes);
        double sum = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            double error = ((double)codes[i] * grid.Scale) - inputs.Data[i];
            sum += error * error;
        }

        return sum / codes.Length;
    }
}
