namespace Hawq.Testing.Onnx.Networks;

/// <summary>
/// Writes image networks layer by layer, as PyTorch exports them, with seeded random weights whose size keeps activations of order one.
/// Knows the channels of every value.
/// </summary>
public sealed class NetworkWriter
{
    private readonly Dictionary<string, int> _channels = new(StringComparer.Ordinal);
    private readonly int _divisor;

    /// <summary>Starts a network with a symbolic batch.</summary>
    /// <param name="channels">Input channels.</param>
    /// <param name="height">Input rows.</param>
    /// <param name="width">Input columns.</param>
    /// <param name="divisor">Divides the widths of all layers (at least 8 channels stay), for fast tests.</param>
    /// <param name="opset">Opset.</param>
    public NetworkWriter(int channels, int height, int width, int divisor = 1, int opset = 17)
    {
        Model = new OnnxModelBuilder(channels + height + width, opset);
        Opset = opset;
        _divisor = divisor;
        Input = Model.Input("input", null, channels, height, width);
        _channels[Input] = channels;
    }

    /// <summary>The model.</summary>
    public OnnxModelBuilder Model { get; }

    /// <summary>Opset of the model.</summary>
    public int Opset { get; }

    /// <summary>The input.</summary>
    public string Input { get; }

    /// <summary>Channels of a value.</summary>
    public int Channels(string x) => _channels[x];

    /// <summary>A width of the published network, scaled.</summary>
    public int Width(int channels) => _divisor == 1 ? channels : Math.Max(8, channels / _divisor / 8 * 8);

    /// <summary>Convolution without bias; channels are taken as they are.</summary>
    public string Conv(string x, int outputs, int kernel, int stride = 1, int? pad = null, int groups = 1, bool bias = false) =>
        Conv(x, outputs, kernel, kernel, stride, pad ?? kernel / 2, pad ?? kernel / 2, groups, bias);

    /// <summary>Convolution with a kernel that need not be square.</summary>
    public string Conv(string x, int outputs, int rows, int columns, int stride, int padRows, int padColumns, int groups = 1, bool bias = false)
    {
        int inputs = Channels(x) / groups;
        string weights = Model.Random(MathF.Sqrt(6f / (inputs * rows * columns)), outputs, inputs, rows, columns);
        string[] operands = bias ? [x, weights, Model.Random(0.1f, outputs)] : [x, weights];
        return Made(
            Model.Node(
                "Conv", operands, ("dilations", new long[] { 1, 1 }), ("group", groups), ("kernel_shape", new long[] { rows, columns }),
                ("pads", new long[] { padRows, padColumns, padRows, padColumns }), ("strides", new long[] { stride, stride })),
            outputs);
    }

    /// <summary>BatchNormalization.</summary>
    public string Norm(string x)
    {
        int channels = Channels(x);
        return Made(
            Model.Node(
                "BatchNormalization",
                [x, Model.Random(0.8f, 1.2f, channels), Model.Random(0.1f, channels), Model.Random(0.1f, channels), Model.Random(0.8f, 1.2f, channels)],
                ("epsilon", 1e-5f), ("momentum", 0.9f)),
            channels);
    }

    /// <summary>An element-wise operator of one value.</summary>
    public string Apply(string op, string x, params (string Name, object Value)[] attributes) => Made(Model.Node(op, [x], attributes), Channels(x));

    /// <summary>Relu.</summary>
    public string Relu(string x) => Apply("Relu", x);

    /// <summary>ReLU6, as Clip.</summary>
    public string Relu6(string x) => Made(Model.Node("Clip", [x, Model.Floats([], 0), Model.Floats([], 6)]), Channels(x));

    /// <summary>SiLU, as PyTorch writes it: x * sigmoid(x).</summary>
    public string Silu(string x) => Mul(x, Apply("Sigmoid", x));

    /// <summary>Convolution, BatchNormalization, Relu.</summary>
    public string ConvNormRelu(string x, int outputs, int kernel, int stride = 1, int? pad = null, int groups = 1) =>
        Relu(Norm(Conv(x, outputs, kernel, stride, pad, groups)));

    /// <summary>Sum of two values.</summary>
    public string Add(string a, string b) => Made(Model.Node("Add", [a, b]), Channels(a));

    /// <summary>Product of two values.</summary>
    public string Mul(string a, string b) => Made(Model.Node("Mul", [a, b]), Channels(a));

    /// <summary>Joined channels.</summary>
    public string Concat(params string[] parts) => Made(Model.Node("Concat", parts, ("axis", 1)), parts.Sum(Channels));

    /// <summary>Maximum pooling.</summary>
    public string MaxPool(string x, int kernel, int stride, int pad = 0, bool ceil = false) =>
        Made(
            Model.Node(
                "MaxPool", [x], ("ceil_mode", ceil ? 1 : 0), ("kernel_shape", new long[] { kernel, kernel }), ("pads", new long[] { pad, pad, pad, pad }),
                ("strides", new long[] { stride, stride })),
            Channels(x));

    /// <summary>Average pooling.</summary>
    public string AveragePool(string x, int kernel, int stride, int pad = 0, bool countPadding = true) =>
        Made(
            Model.Node(
                "AveragePool", [x], ("count_include_pad", countPadding ? 1 : 0), ("kernel_shape", new long[] { kernel, kernel }),
                ("pads", new long[] { pad, pad, pad, pad }), ("strides", new long[] { stride, stride })),
            Channels(x));

    /// <summary>GlobalAveragePool.</summary>
    public string GlobalAverage(string x) => Apply("GlobalAveragePool", x);

    /// <summary>Flatten and a fully connected layer over <paramref name="features"/> features.</summary>
    public string Classifier(string x, int features, int classes)
    {
        string flat = Model.Node("Flatten", [x], ("axis", 1));
        return Linear(flat, features, classes);
    }

    /// <summary>A fully connected layer.</summary>
    public string Linear(string x, int features, int outputs) =>
        Made(
            Model.Node("Gemm", [x, Model.Random(MathF.Sqrt(3f / features), outputs, features), Model.Random(0.1f, outputs)], ("alpha", 1f), ("beta", 1f), ("transB", 1)),
            outputs);

    /// <summary>Two halves of the channels.</summary>
    public (string First, string Second) Halves(string x)
    {
        int half = Channels(x) / 2;
        string[] parts = Opset >= 13
            ? Model.Nodes("Split", [x, Model.Integers(half, half)], 2, ("axis", 1))
            : Model.Nodes("Split", [x], 2, ("axis", 1), ("split", new long[] { half, half }));
        return (Made(parts[0], half), Made(parts[1], half));
    }

    /// <summary>Channel shuffle by Reshape, Transpose, Reshape.</summary>
    public string Shuffle(string x, int groups, int height, int width)
    {
        int channels = Channels(x);
        string split = Model.Node("Reshape", [x, Model.Integers(-1, groups, channels / groups, height, width)]);
        string turned = Model.Node("Transpose", [split], ("perm", new long[] { 0, 2, 1, 3, 4 }));
        return Made(Model.Node("Reshape", [turned, Model.Integers(-1, channels, height, width)]), channels);
    }

    /// <summary>Remembers the channels of a value made directly on <see cref="Model"/>.</summary>
    public string Made(string x, int channels)
    {
        _channels[x] = channels;
        return x;
    }

    /// <summary>Finishes the network.</summary>
    public OnnxModelBuilder Output(params string[] outputs) => Model.Output(outputs);
}
