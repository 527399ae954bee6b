using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Rounding;
using Hawq.Training.Gradients;

namespace Hawq.Training.Quantized;

/// <summary>A layer with weights in training: codes in the order of ONNX, a step per channel as its logarithm, a real bias.</summary>
internal sealed class TrainedLayer
{
    private readonly int[] _kernel; // rows, columns, channels
    /// <summary>A code of the full 8-bit range: what overflow-aware quantization lowers a range by.</summary>
    private const float Narrower = 126f / 127;

    /// <summary>What a code at least has to lose before it becomes another one.</summary>
    private const float LeastLean = .05f;

    private readonly WeightLabels _labels;
    private readonly LaneBudget? _budget;
    private readonly float _biasUnit;
    private readonly int _multiplierBits; // as many as the manifest's have

    /// <summary>Starts from the manifest's codes; from the float weights only which way a code leans.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">Its input tensor.</param>
    /// <param name="codes">Its codes, in the manifest's order.</param>
    /// <param name="node">The float layer, or null.</param>
    /// <param name="options">How weights are trained.</param>
    /// <param name="softness">beta of the mean field.</param>
    /// <param name="budget">What the codes of every channel must keep to, or null.</param>
    public TrainedLayer(LinearLayer layer, Tensor input, sbyte[] codes, FloatNode? node, TrainingOptions options, Func<double> softness, LaneBudget? budget)
    {
        _budget = budget;
        Layer = layer;
        _multiplierBits = ShortMultipliers.BitsOf(layer.Requantize);
        WeightTensor shape = layer.Weights;
        _kernel = layer is GemmLayer ? [input.Shape.Height, input.Shape.Width, input.Shape.Channels] : [shape.KernelHeight, shape.KernelWidth, shape.InputChannels];
        float[] wanted = node switch { ConvNode conv => conv.Weights, GemmNode gemm => gemm.Weights, _ => [] };
        float[] latent = Array.ConvertAll(ToOnnx(codes), code => (float)code);
        bool discrete = shape.Bits == 2 && (options.Binary || options.Weights != WeightTraining.StraightThrough);
        float[] steps = [.. shape.Scales];
        bool startsBinary = false; // of a channel: its codes already are
        if (wanted.Length == latent.Length)
        {
            for (int i = 0; i < latent.Length; i++)
            {
                int channel = i / shape.PerChannel;
                if (discrete && options.Binary && i % shape.PerChannel == 0)
                {
                    startsBinary = !latent.AsSpan(i, shape.PerChannel).Contains(0);
                    steps[channel] = startsBinary ? steps[channel] : Math.Max(wanted.AsSpan(i, shape.PerChannel).ToArray().Average(Math.Abs), 1e-8f);
                }

                float exact = wanted[i] / steps[channel];
                latent[i] = (discrete && options.Binary, startsBinary) switch
                {
                    (true, true) => latent[i] * Math.Clamp(exact * latent[i], LeastLean, 1),
                    (true, false) => exact,
                    _ => latent[i] + Math.Clamp(exact - latent[i], LeastLean - .5f, .5f - LeastLean),
                };
            }
        }

        LogSteps = Array.ConvertAll(steps, MathF.Log);
        Codes = new float[latent.Length];
        float[] real = [.. layer.Bias.Select((b, o) => (float)(b * (double)input.Scale * shape.Scales[o]))];
        _biasUnit = Math.Max(real.Average(Math.Abs), 1e-6f);
        Bias = Array.ConvertAll(real, b => b / _biasUnit);
        float[] labels = options.Binary ? [-1, 1] : [-1, 0, 1];
        _labels = discrete && options.Weights != WeightTraining.StraightThrough
            ? new LabelledWeights(LabelledWeights.Scores(latent, labels), labels, options.Weights == WeightTraining.MeanField ? softness : () => double.PositiveInfinity)
            : new StraightThroughWeights(latent, shape.MaxCode, discrete && options.Binary);
        KeepBudget();
    }

    /// <summary>The layer as it was.</summary>
    public LinearLayer Layer { get; }

    /// <summary>Codes of the forward pass, [O, C, KH, KW].</summary>
    public float[] Codes { get; }

    /// <summary>Logarithm of the step per output channel.</summary>
    public float[] LogSteps { get; }

    /// <summary>Real bias per output channel, in a unit of its own.</summary>
    public float[] Bias { get; }

    /// <summary>Latent weights.</summary>
    public float[] Latent => _labels.Latent;

    /// <summary>Step per output channel.</summary>
    public float[] Steps => Array.ConvertAll(LogSteps, MathF.Exp);

    /// <summary>Computes <see cref="Codes"/>.</summary>
    public void Forward() => _labels.Forward(Codes);

    /// <summary>After a step of the optimizer.</summary>
    public void AfterStep()
    {
        _labels.AfterStep();
        KeepBudget();
    }

    /// <summary>
    /// Gradients of latent weights, step logarithms and bias.
    /// </summary>
    /// <param name="weights">Sum of code x real gradient of the output, per weight.</param>
    /// <param name="bias">Sum of the real gradient of the output, per channel.</param>
    /// <param name="inputScale">Real step of the input.</param>
    public (float[] Latent, float[] LogSteps, float[] Bias) Backward(float[] weights, float[] bias, float inputScale)
    {
        float[] steps = Steps, codeGradient = new float[weights.Length], logSteps = new float[steps.Length];
        int perChannel = weights.Length / steps.Length;
        for (int i = 0; i < weights.Length; i++)
        {
            int o = i / perChannel;
            codeGradient[i] = weights[i] * inputScale * steps[o];
            logSteps[o] += codeGradient[i] * Codes[i];
        }

        return (_labels.Backward(Codes, codeGradient), logSteps, Array.ConvertAll(bias, b => b * _biasUnit));
    }

    /// <summary>Integer biases and multipliers at given scales of input and output.</summary>
    public (int[] Bias, Dyadic[] Multipliers) Integers(float inputScale, float outputScale)
    {
        float[] steps = Steps;
        int[] bias = new int[steps.Length];
        Dyadic[] multipliers = new Dyadic[steps.Length];
        for (int o = 0; o < steps.Length; o++)
        {
            double step = (double)inputScale * steps[o];
            bias[o] = (int)Math.Clamp(Math.Floor((Bias[o] * (double)_biasUnit / step) + .5), -IntegerRules.ExactSum, IntegerRules.ExactSum);
            multipliers[o] = TrainedNetwork.Multiplier((double)(float)step / outputScale).Shortened(_multiplierBits);
        }

        return (bias, multipliers);
    }

    /// <summary>Codes to deploy, in the manifest's order.</summary>
    public sbyte[] Harden()
    {
        sbyte[] onnx = _labels.Harden(), codes = new sbyte[onnx.Length];
        ForEach((manifest, index) => codes[manifest] = onnx[index]);
        return codes;
    }

    /// <summary>
    /// Overflow-aware ranges (OAQ, arXiv 2005.13297): where a sum could leave int16, the range factor of the channel rises until none can. Real weights stay what they
    /// are; their grid becomes coarser, and codes smaller.
    /// </summary>
    private void KeepBudget()
    {
        int perChannel = Latent.Length / LogSteps.Length;
        while (_budget is not null && Overflowing(perChannel) is { Length: > 0 } channels)
        {
            foreach (int o in channels)
            {
                LogSteps[o] -= MathF.Log(Narrower);
                foreach (ref float latent in Latent.AsSpan(o * perChannel, perChannel))
                {
                    latent *= Narrower;
                }
            }
        }
    }

    private int[] Overflowing(int perChannel)
    {
        sbyte[] codes = Harden();
        return [.. Enumerable.Range(0, LogSteps.Length).Where(o => !_budget!.Holds(codes[(o * perChannel)..((o + 1) * perChannel)]))];
    }

    private sbyte[] ToOnnx(sbyte[] codes)
    {
        sbyte[] result = new sbyte[codes.Length];
        ForEach((manifest, index) => result[index] = codes[manifest]);
        return result;
    }

    /// <summary>[output][row][column][channel] and [output][channel][row][column].</summary>
    private void ForEach(Action<int, int> pair)
    {
        int positions = _kernel[0] * _kernel[1], channels = _kernel[2], perChannel = positions * channels;
        for (int o = 0; o < Layer.OutputChannels; o++)
        {
            for (int p = 0; p < positions; p++)
            {
                for (int c = 0; c < channels; c++)
                {
                    pair((o * perChannel) + (p * channels) + c, (o * perChannel) + (c * positions) + p);
                }
            }
        }
    }
}
