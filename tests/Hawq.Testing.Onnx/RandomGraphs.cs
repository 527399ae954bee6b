namespace Hawq.Testing.Onnx;

/// <summary>
/// Seeded small ONNX models over the operators of image networks, for property tests. Seed after seed the input takes an extreme form: one pixel, one row,
/// one channel, odd sizes, many channels.
/// </summary>
public sealed class RandomGraphs
{
    private static readonly (int Channels, int Height, int Width)[] s_inputs =
        [(3, 9, 7), (1, 11, 13), (5, 1, 1), (1, 1, 1), (4, 1, 17), (260, 3, 2), (2, 15, 1), (1030, 1, 1)];

    private static readonly (int Rows, int Columns)[] s_kernels = [(1, 1), (3, 3), (7, 1), (1, 7), (5, 5), (2, 3), (7, 7)];

    private readonly OnnxModelBuilder _model;
    private readonly Random _random;
    private int _channels;
    private int _height;
    private int _width;

    private RandomGraphs(int seed)
    {
        _random = new Random(seed);
        _model = new OnnxModelBuilder(seed, opset: 13 + _random.Next(5));
        (_channels, _height, _width) = s_inputs[seed % s_inputs.Length];
    }

    /// <summary>A model of a few layers and the dimensions of its input; the same seed gives the same model.</summary>
    public static (OnnxModelBuilder Model, long[] Dims) Create(int seed)
    {
        RandomGraphs graph = new(seed);
        long[] dims = [1, graph._channels, graph._height, graph._width];
        string x = graph._model.Input("input", null, dims[1], dims[2], dims[3]);
        for (int i = graph._random.Next(2, 6); i > 0; i--)
        {
            x = graph.Layer(x);
        }

        return (graph._model.Output(graph.Head(x)), dims);
    }

    private string Layer(string x) => _random.Next(14) switch
    {
        0 => Convolution(x, groups: _channels),
        1 => Residual(x),
        2 => Transposed(x),
        3 => Pool(x, "MaxPool"),
        4 => Pool(x, "AveragePool", ("count_include_pad", _random.Next(2))),
        5 => Gate(x),
        6 => Function(x),
        7 => Branches(x),
        8 => Resize(x),
        9 => Pad(x),
        10 => Slice(x),
        11 => Normalization(x),
        _ => Activation(Normalization(Convolution(x, _channels % 2 == 0 && _random.Next(3) == 0 ? 2 : 1))),
    };

    /// <summary>Logits, or the image itself.</summary>
    private string Head(string x)
    {
        switch (_random.Next(4))
        {
            case 0:
                return x;
            case 1:
                return _model.Node("Gemm", [_model.Node("Flatten", [x]), _model.Random(0.3f, 7, (long)_channels * _height * _width), _model.Random(0.1f, 7)], ("transB", 1));
            default:
                string mean = _random.Next(2) == 0
                    ? _model.Node("Reshape", [_model.Node("GlobalAveragePool", [x]), _model.Integers(0, -1)])
                    : _model.Node("ReduceMean", [x], ("axes", new long[] { 2, 3 }), ("keepdims", 0));
                return _model.Node("Add", [_model.Node("MatMul", [mean, _model.Random(0.5f, _channels, 5)]), _model.Random(0.1f, 5)]);
        }
    }

    /// <summary>The stride may be larger than the kernel; the padding is asymmetric, or SAME.</summary>
    private string Convolution(string x, int groups = 1)
    {
        int outputs = groups == _channels ? _channels : groups * _random.Next(1, _random.Next(8) == 0 ? 70 : 12);
        (int rows, int columns) = _channels / groups > 64 ? (1, 1) : s_kernels[_random.Next(s_kernels.Length)];
        (int dilation, int stride) = (_random.Next(1, 3), _random.Next(1, 4));
        (string, object)[] attributes = [("dilations", new long[] { dilation, dilation }), ("group", groups), ("strides", new long[] { stride, stride })];
        string[] operands = Weights(x, outputs, groups, rows, columns);
        if (dilation == 1 && _random.Next(3) == 0)
        {
            (_height, _width) = ((_height + stride - 1) / stride, (_width + stride - 1) / stride);
            return _model.Node("Conv", operands, [.. attributes, ("auto_pad", _random.Next(2) == 0 ? "SAME_UPPER" : "SAME_LOWER")]);
        }

        (int top, int left) = (_random.Next(rows), _random.Next(columns));
        int bottom = Math.Max(0, ((rows - 1) * dilation) + 1 - _height - top), right = Math.Max(0, ((columns - 1) * dilation) + 1 - _width - left);
        _height = Windows(_height + top + bottom, rows, dilation, stride);
        _width = Windows(_width + left + right, columns, dilation, stride);
        return _model.Node("Conv", operands, [.. attributes, ("pads", new long[] { top, left, bottom, right })]);
    }

    private string Residual(string x)
    {
        int channels = _channels;
        string hidden = Activation(_model.Node("Conv", Weights(x, _random.Next(1, 12), 1, 3, 3), ("pads", new long[] { 1, 1, 1, 1 })));
        return Activation(_model.Node(_random.Next(4) == 0 ? "Sub" : "Add", [_model.Node("Conv", Weights(hidden, channels, 1, 1, 1)), x]));
    }

    private string Transposed(string x)
    {
        int outputs = _random.Next(1, 6), kernel = _random.Next(2, 4);
        string weights = _model.Random(MathF.Sqrt(3f / _channels), _channels, outputs, kernel, kernel);
        (_channels, _height, _width) = (outputs, ((_height - 1) * 2) + kernel, ((_width - 1) * 2) + kernel);
        return _model.Node("ConvTranspose", [x, weights, _model.Random(0.2f, outputs)], ("strides", new long[] { 2, 2 }));
    }

    private string Pool(string x, string op, params (string, object)[] attributes)
    {
        (int rows, int columns) = (Math.Min(_height, _random.Next(1, 4)), Math.Min(_width, _random.Next(1, 4)));
        int stride = _random.Next(1, 4), top = _random.Next(rows), left = _random.Next(columns);
        (_height, _width) = (Windows(_height + top, rows, 1, stride), Windows(_width + left, columns, 1, stride));
        return _model.Node(
            op, [x], [.. attributes, ("kernel_shape", new long[] { rows, columns }), ("pads", new long[] { top, left, 0, 0 }), ("strides", new long[] { stride, stride })]);
    }

    /// <summary>Squeeze and excite.</summary>
    private string Gate(string x)
    {
        string mean = _model.Node("GlobalAveragePool", [x]);
        string gate = _model.Node(_random.Next(2) == 0 ? "Sigmoid" : "HardSigmoid", [_model.Node("Conv", Weights(mean, _channels, 1, 1, 1))]);
        return _model.Node("Mul", _random.Next(2) == 0 ? [x, gate] : [gate, x]);
    }

    private string Function(string x) => _random.Next(5) switch
    {
        0 => _model.Node("Mul", [x, _model.Node("Sigmoid", [x])]),
        1 => _model.Node("PRelu", [x, _model.Random(0.5f, _channels, 1, 1)]),
        2 => _model.Node("Elu", [x], ("alpha", 0.7f)),
        3 => _model.Node("Tanh", [x]),
        _ => _model.Node("LeakyRelu", [x], ("alpha", 0.2f)),
    };

    /// <summary>Split, a layer on one half, concat, shuffle.</summary>
    private string Branches(string x)
    {
        if (_channels % 2 == 1)
        {
            int channels = _channels;
            string other = _model.Node("Conv", Weights(x, _random.Next(1, 5), 1, 1, 1));
            _channels = channels + (2 * _channels);
            return _model.Node("Concat", [other, x, other], ("axis", 1));
        }

        int half = _channels / 2;
        string[] halves = _model.Nodes("Split", [x, _model.Integers(half, half)], 2, ("axis", 1));
        string y = _model.Node("Concat", [halves[0], _model.Node("Relu", [halves[1]])], ("axis", 1));
        y = _model.Node("Transpose", [_model.Node("Reshape", [y, _model.Integers(-1, 2, half, _height, _width)])], ("perm", new long[] { 0, 2, 1, 3, 4 }));
        return _model.Node("Reshape", [y, _model.Integers(-1, _channels, _height, _width)]);
    }

    private string Resize(string x)
    {
        if (_height * _width > 200)
        {
            return Activation(x);
        }

        (int rows, int columns) = (_random.Next(1, 4), _random.Next(1, 3));
        (_height, _width) = (_height * rows, _width * columns);
        return _model.Node(
            "Resize", [x, "", _model.Floats([4], 1, 1, rows, columns)], ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
    }

    private string Pad(string x)
    {
        int[] pads = [.. Enumerable.Range(0, 6).Select(_ => _random.Next(3))];
        (_channels, _height, _width) = (_channels + pads[0] + pads[3], _height + pads[1] + pads[4], _width + pads[2] + pads[5]);
        return _model.Node("Pad", [x, _model.Integers(0, pads[0], pads[1], pads[2], 0, pads[3], pads[4], pads[5])]);
    }

    private string Slice(string x)
    {
        (int first, int step) = (_random.Next((_channels + 1) / 2), _random.Next(1, 3));
        (_channels, _height) = (_channels - first, (_height + step - 1) / step);
        return _model.Node(
            "Slice", [x, _model.Integers(first, 0), _model.Integers(int.MaxValue, int.MaxValue), _model.Integers(1, 2), _model.Integers(1, step)]);
    }

    private string Normalization(string x) =>
        _model.Node(
            "BatchNormalization",
            [x, _model.Random(0.8f, 1.2f, _channels), _model.Random(0.1f, _channels), _model.Random(0.1f, _channels), _model.Random(0.8f, 1.2f, _channels)]);

    private string Activation(string x) => _random.Next(3) switch
    {
        0 => _model.Node("Relu", [x]),
        1 => _model.Node("Clip", [x, _model.Floats([], 0), _model.Floats([], 6)]),
        _ => x,
    };

    /// <summary>Operands of a convolution of a value; its outputs are the channels from now on.</summary>
    private string[] Weights(string x, int outputs, int groups, int rows, int columns)
    {
        int perGroup = _channels / groups;
        string weights = _model.Random(MathF.Sqrt(3f / (perGroup * rows * columns)), outputs, perGroup, rows, columns);
        _channels = outputs;
        return _random.Next(2) == 0 ? [x, weights] : [x, weights, _model.Random(0.2f, outputs)];
    }

    private static int Windows(int size, int kernel, int dilation, int stride) => ((size - ((kernel - 1) * dilation) - 1) / stride) + 1;
}
