using Hawq.Model;

namespace Hawq.Testing;

/// <summary>
/// Builds small networks with seeded random weights. Scales are consistent (every dyadic number is computed from the scales that the
/// network states) and chosen so that outputs fill their range and some of them clamp. Each method returns the name of the tensor it makes.
/// </summary>
public sealed partial class NetworkBuilder
{
    /// <summary>The range that the codes of a branch are aimed at; extreme inputs go beyond it.</summary>
    private const int BranchMagnitude = 9000;

    private readonly string _name;
    private readonly Random _random;
    private readonly SidecarBuilder _sidecar = new();
    private readonly List<Tensor> _tensors = [];
    private readonly List<Layer> _layers = [];
    private readonly Dictionary<string, int> _magnitudes = [];
    private NetworkInput? _input;

    /// <summary>Bytes above which the per-channel tables of a layer also stand in the sidecar.</summary>
    public int TablesAbove { get; init; } = ChannelTables.MaxLiteralBytes;

    /// <summary>Starts a network; the same name, seed and calls give the same network.</summary>
    public NetworkBuilder(string name, int seed)
    {
        _name = name;
        _random = new Random(seed);
    }

    /// <summary>How the weights of the following layers are drawn.</summary>
    public WeightPattern Pattern { get; set; } = WeightPattern.Bell;

    /// <summary>Name of the input tensor.</summary>
    public string InputName => _input?.Tensor ?? throw new InvalidOperationException("Call Input first.");

    /// <summary>The tensor of a name.</summary>
    public Tensor this[string name] => _tensors.Single(tensor => tensor.Name == name);

    /// <summary>The network input; with <paramref name="pixels"/> it has pixel tables and takes image bytes.</summary>
    public NetworkBuilder Input(int height, int width, int channels, bool pixels = false, Activation? range = null)
    {
        range ??= Activation.S8;
        Tensor tensor = NewTensor("input", new Shape(height, width, channels), range);
        EquatableArray<int>[] tables = pixels ? Enumerable.Range(0, channels).Select(c => PixelTable(range, c)).ToArray() : [];
        Preprocess preprocess = new(
            "builder", 0, channels == 3 ? "RGB" : "GRAY", 1f / 255, Enumerable.Repeat(0.5f, channels).ToArray(), Enumerable.Repeat(0.25f, channels).ToArray());
        _input = new NetworkInput(tensor.Name, tables, pixels && channels is 1 or 3 ? preprocess : null);
        return this;
    }

    /// <summary>A convolution with a square kernel; <paramref name="padding"/> null keeps the size at stride 1.</summary>
    public string Conv(
        string input, int outputChannels, int kernel, int stride = 1, int? padding = null, int weightBits = 8, Activation? activation = null, int dilation = 1, int groups = 1)
    {
        int pad = padding ?? (kernel - 1) * dilation / 2;
        return Conv(
            input, outputChannels, new Size2(kernel, kernel), new Size2(stride, stride), new Padding(pad, pad, pad, pad), weightBits, activation,
            new Size2(dilation, dilation), groups);
    }

    /// <summary>A convolution.</summary>
    public string Conv(
        string input, int outputChannels, Size2 kernel, Size2 stride, Padding padding, int weightBits = 8, Activation? activation = null, Size2? dilation = null, int groups = 1)
    {
        Tensor x = this[input];
        Size2 distance = dilation ?? new Size2(1, 1);
        Shape shape = new(
            ((x.Shape.Height + padding.Top + padding.Bottom - (distance.Height * (kernel.Height - 1)) - 1) / stride.Height) + 1,
            ((x.Shape.Width + padding.Left + padding.Right - (distance.Width * (kernel.Width - 1)) - 1) / stride.Width) + 1,
            outputChannels);
        Linear linear = NewLinear(
            "conv", x, shape, new Shape(kernel.Height, kernel.Width, x.Shape.Channels / groups), weightBits, activation ?? Activation.U7, distance.Width, groups);
        return Append(new ConvLayer(
            linear.Name, input, linear.Output.Name, linear.Weights, linear.Bias, linear.Requantize, linear.Facts, stride, padding, distance, groups));
    }

    /// <summary>A depthwise convolution with a square kernel.</summary>
    public string Depthwise(string input, int kernel, int stride = 1, int? padding = null, int weightBits = 8, Activation? activation = null) =>
        Conv(input, this[input].Shape.Channels, kernel, stride, padding, weightBits, activation, groups: this[input].Shape.Channels);

    /// <summary>A fully connected layer; 16-bit logits unless told otherwise.</summary>
    public string Gemm(string input, int features, int weightBits = 8, Activation? activation = null)
    {
        Tensor x = this[input];
        Linear linear = NewLinear("gemm", x, new Shape(1, 1, features), new Shape(1, 1, x.Shape.Length), weightBits, activation ?? Activation.S16, 1, 1);
        return Append(new GemmLayer(linear.Name, input, linear.Output.Name, linear.Weights, linear.Bias, linear.Requantize, linear.Facts));
    }

    /// <summary>The sum of two tensors of one shape; clamped to the 16-bit residual grid unless told otherwise.</summary>
    public string Add(string a, string b, Activation? activation = null)
    {
        Tensor x = this[a];
        Tensor y = this[b];
        Activation range = activation ?? Activation.Residual;
        float scale = ((x.Scale * _magnitudes[a]) + (y.Scale * _magnitudes[b])) * 0.6f / range.Magnitude;
        string name = NewLayerName("add");
        Tensor output = NewTensor(name + "_out", x.Shape, range, scale);
        return Append(new AddLayer(name, a, b, output.Name, Dyadic.FromReal((double)x.Scale / scale), Dyadic.FromReal((double)y.Scale / scale)));
    }

    /// <summary>Another grid for the same values.</summary>
    public string Requantize(string input, Activation activation)
    {
        Tensor x = this[input];
        float scale = x.Scale * _magnitudes[input] * 0.7f / activation.Magnitude;
        string name = NewLayerName("requantize");
        Tensor output = NewTensor(name + "_out", x.Shape, activation, scale);
        return Append(new RequantizeLayer(name, input, output.Name, Dyadic.FromReal((double)x.Scale / scale)));
    }

    /// <summary>The average over rows and columns.</summary>
    public string GlobalAveragePool(string input, Activation? activation = null)
    {
        Tensor x = this[input];
        Activation range = activation ?? Activation.U7;
        float scale = x.Scale * _magnitudes[input] * 0.6f / range.Magnitude;
        string name = NewLayerName("pool");
        Tensor output = NewTensor(name + "_out", new Shape(1, 1, x.Shape.Channels), range, scale);
        return Append(new GlobalAveragePoolLayer(
            name, input, output.Name, Dyadic.FromReal(x.Scale / ((double)x.Shape.Height * x.Shape.Width * scale))));
    }

    /// <summary>Every <paramref name="step"/>-th row and column from a start, and a range of channels (null: the rest).</summary>
    public string Slice(string input, int step = 2, int start = 0, int startChannel = 0, int? channels = null)
    {
        Tensor x = this[input];
        Shape shape = new(
            ((x.Shape.Height - start - 1) / step) + 1, ((x.Shape.Width - start - 1) / step) + 1, channels ?? x.Shape.Channels - startChannel);
        string name = NewLayerName("slice");
        Tensor output = Like(x, name + "_out", shape);
        return Append(new SliceLayer(name, input, output.Name, new Size2(start, start), new Size2(step, step), startChannel));
    }

    /// <summary>Zero points around a tensor.</summary>
    public string Pad(string input, Padding padding, int channelsBefore = 0, int channelsAfter = 0)
    {
        Tensor x = this[input];
        Shape shape = new(
            x.Shape.Height + padding.Top + padding.Bottom, x.Shape.Width + padding.Left + padding.Right, x.Shape.Channels + channelsBefore + channelsAfter);
        string name = NewLayerName("pad");
        Tensor output = Like(x, name + "_out", shape);
        return Append(new PadLayer(name, input, output.Name, padding, channelsBefore, channelsAfter));
    }

    /// <summary>
    /// The basic residual block of HAWQ-V3 with the parameter-free shortcut: conv, conv onto an unclamped 32-bit branch, plus the 16-bit
    /// identity (subsampled, and filled up with zero channels, where the shape changes), clamped at zero, and requantized for the next conv.
    /// </summary>
    /// <param name="residual">The 16-bit identity.</param>
    /// <param name="input">The same values on the grid that the first convolution reads.</param>
    /// <param name="channels">Output channels, at least as many as the input's.</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="weightBits">2, 4 or 8.</param>
    /// <param name="activation">Range of the inner activation and of <c>Input</c>.</param>
    public (string Residual, string Input) BasicBlock(string residual, string input, int channels, int stride = 1, int weightBits = 8, Activation? activation = null)
    {
        Activation range = activation ?? Activation.U7;
        string inner = Conv(input, channels, 3, stride, weightBits: weightBits, activation: range);
        string branch = Conv(inner, channels, 3, weightBits: weightBits, activation: Activation.Branch);
        string identity = stride == 1 ? residual : Slice(residual, stride);
        int missing = channels - this[identity].Shape.Channels;
        identity = missing == 0 ? identity : Pad(identity, default, missing / 2, missing - (missing / 2));
        string sum = Add(branch, identity);
        return (sum, Requantize(sum, range));
    }

    /// <summary>Finishes the network. Without names the last tensor is the output.</summary>
    public (Network Network, NetworkWeights Weights) Build(params string[] outputs)
    {
        outputs = outputs.Length > 0 ? outputs : [_layers[^1].Output];
        string[] labels = Enumerable.Range(0, this[outputs[0]].Shape.Channels).Select(i => $"class {i}").ToArray();
        Network network = new(
            _name,
            new Provenance("hawq 0.1.0", _name + ".onnx", new string('0', 64), 13, EquatableArray.Of(new Setting("bits", "8/8"))),
            _sidecar.Describe(_name + ".hawq.bin"),
            _input!,
            outputs,
            this[outputs[0]].Shape is { Height: 1, Width: 1 } ? labels : [],
            _tensors.ToArray(),
            _layers.ToArray());
        return (network, new NetworkWeights(_sidecar.ToArray()));
    }

    private sealed record Linear(
        string Name, Tensor Output, WeightTensor Weights, EquatableArray<int> Bias, EquatableArray<Dyadic> Requantize, WeightFacts Facts);

    private Linear NewLinear(string op, Tensor x, Shape shape, Shape kernel, int weightBits, Activation range, int dilationWidth, int groups)
    {
        int channels = shape.Channels;
        sbyte[] codes = new sbyte[channels * kernel.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = NextWeight(weightBits);
        }

        bool branch = range == Activation.Branch;
        int magnitude = branch ? BranchMagnitude : range.Magnitude;
        float outputScale = NextScale();
        int[] bias = new int[channels];
        float[] scales = new float[channels];
        Dyadic[] requantize = new Dyadic[channels];
        for (int o = 0; o < channels; o++)
        {
            // The spread of an accumulator of independent codes; the multiplier takes twice of it to the end of the output range.
            double squares = codes.Skip(o * kernel.Length).Take(kernel.Length).Sum(w => (double)w * w);
            double spread = Math.Max(1, Math.Sqrt(squares) * _magnitudes[x.Name] * 0.5);
            bias[o] = (int)((_random.NextDouble() - 0.4) * spread);
            scales[o] = (float)(magnitude / (2 * spread) * (0.6 + (0.8 * _random.NextDouble())) * outputScale / x.Scale);
            requantize[o] = Dyadic.FromScales(x.Scale, scales[o], outputScale);
        }

        WeightTensor weights = _sidecar.Add(codes, weightBits, channels, kernel.Height, kernel.Width, kernel.Channels, scales);
        weights = _sidecar.AddTables(weights, bias, requantize, TablesAbove);
        WeightFacts facts = WeightFactsCalculator.Compute(weights, codes, bias, x, dilationWidth, groups);
        if (facts.AccumulatorLo < int.MinValue || facts.AccumulatorHi > int.MaxValue)
        {
            throw new InvalidOperationException($"The accumulators of a {op} over {x.TypeName} do not fit in int32; use fewer input channels.");
        }

        string name = NewLayerName(op);
        if (branch)
        {
            long lo = requantize.Min(dyadic => dyadic.Requantize(facts.AccumulatorLo));
            long hi = requantize.Max(dyadic => dyadic.Requantize(facts.AccumulatorHi));
            range = new Activation(32, checked((int)Math.Min(lo, 0)), checked((int)Math.Max(hi, 0)));
        }

        Tensor output = NewTensor(name + "_out", shape, range, outputScale);
        _magnitudes[output.Name] = magnitude;
        return new Linear(name, output, weights, bias, requantize, facts);
    }

    private sbyte NextWeight(int bits)
    {
        int max = (1 << (bits - 1)) - 1;
        double bell = (_random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5) / 1.5;
        return Pattern switch
        {
            WeightPattern.Uniform => (sbyte)_random.Next(-max, max + 1),
            WeightPattern.Extreme => (sbyte)(_random.Next(2) == 0 ? -max : max),
            _ => (sbyte)Math.Round(bell * max),
        };
    }

    private float NextScale() => (float)(0.001 + (0.1 * _random.NextDouble()));

    private string NewLayerName(string op) => $"{op}{_layers.Count}";

    private Tensor NewTensor(string name, Shape shape, Activation range, float? scale = null)
    {
        Tensor tensor = range.Tensor(name, shape, scale ?? NextScale());
        _tensors.Add(tensor);
        _magnitudes[name] = range.Magnitude;
        return tensor;
    }

    private Tensor Like(Tensor x, string name, Shape shape)
    {
        Tensor tensor = x with { Name = name, Shape = shape };
        _tensors.Add(tensor);
        _magnitudes[name] = _magnitudes[x.Name];
        return tensor;
    }

    private string Append(Layer layer)
    {
        _layers.Add(layer);
        return layer.Output;
    }

    // A straight line through the range, shifted a little per channel so that a mix-up of channels shows.
    private static EquatableArray<int> PixelTable(Activation range, int channel) =>
        Enumerable.Range(0, 256)
            .Select(p => (int)Math.Clamp(range.Lo + (((long)range.Hi - range.Lo) * (p + (3 * channel)) / 255), range.Lo, range.Hi))
            .ToArray();
}
