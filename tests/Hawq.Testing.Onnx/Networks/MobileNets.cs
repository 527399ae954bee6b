namespace Hawq.Testing.Onnx.Networks;

/// <summary>
/// MobileNetV1 (Howard et al. 2017), V2 (Sandler et al. 2018), V3-small (Howard et al. 2019), EfficientNet-B0 and -lite0 (Tan and Le 2019).
/// </summary>
internal static class MobileNets
{
    public static OnnxModelBuilder V1(int size, int divisor, double multiplier = 1)
    {
        NetworkWriter net = new(3, size, size, divisor);
        int Wide(int channels) => net.Width((int)(channels * multiplier));
        string x = net.ConvNormRelu(net.Input, Wide(32), 3, 2);
        foreach ((int width, int stride) in new[]
        {
            (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
        })
        {
            x = net.ConvNormRelu(x, net.Channels(x), 3, stride, groups: net.Channels(x));
            x = net.ConvNormRelu(x, Wide(width), 1);
        }

        return net.Output(net.Classifier(net.GlobalAverage(x), net.Channels(x), 100));
    }

    /// <summary>The mean over space is a ReduceMean.</summary>
    public static OnnxModelBuilder V2(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor);
        string x = net.Relu6(net.Norm(net.Conv(net.Input, net.Width(32), 3, 2)));
        foreach ((int expand, int width, int count, int stride) in new[]
        {
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        })
        {
            for (int i = 0; i < count; i++)
            {
                x = Inverted(net, x, net.Channels(x) * expand, net.Width(width), 3, i == 0 ? stride : 1, net.Relu6, squeeze: 0, null);
            }
        }

        x = net.Relu6(net.Norm(net.Conv(x, net.Width(1280), 1)));
        string mean = net.Model.Node("ReduceMean", [x], ("axes", new long[] { 2, 3 }), ("keepdims", 0));
        return net.Output(net.Linear(mean, net.Channels(x), 100));
    }

    /// <summary>HardSwish as x * clip(x + 3, 0, 6) / 6 (old exporters) or as its own operator.</summary>
    public static OnnxModelBuilder V3Small(int size, int divisor, bool isHardSwishWritten)
    {
        NetworkWriter net = new(3, size, size, divisor, opset: isHardSwishWritten ? 11 : 14);
        string Swish(string x) => isHardSwishWritten ? WrittenHardSwish(net, x) : net.Apply("HardSwish", x);
        string Gate(string x) => isHardSwishWritten ? WrittenHardSigmoid(net, x) : net.Apply("HardSigmoid", x, ("alpha", 1 / 6f), ("beta", 0.5f));
        string x = Swish(net.Norm(net.Conv(net.Input, net.Width(16), 3, 2)));
        foreach ((int kernel, int expand, int width, bool hasGate, bool isSwish, int stride) in new[]
        {
            (3, 16, 16, true, false, 2), (3, 72, 24, false, false, 2), (3, 88, 24, false, false, 1), (5, 96, 40, true, true, 2),
            (5, 240, 40, true, true, 1), (5, 240, 40, true, true, 1), (5, 120, 48, true, true, 1), (5, 144, 48, true, true, 1),
            (5, 288, 96, true, true, 2), (5, 576, 96, true, true, 1), (5, 576, 96, true, true, 1),
        })
        {
            int hidden = net.Width(expand);
            x = Inverted(net, x, hidden, net.Width(width), kernel, stride, isSwish ? Swish : net.Relu, hasGate ? Math.Max(hidden / 4, 8) : 0, Gate);
        }

        x = net.GlobalAverage(Swish(net.Norm(net.Conv(x, net.Width(576), 1))));
        string flat = net.Classifier(x, net.Channels(x), net.Width(1024));
        return net.Output(net.Linear(Swish(flat), net.Channels(flat), 100));
    }

    /// <summary>B0 has squeeze-and-excite and SiLU; lite0 has neither, and ReLU6.</summary>
    public static OnnxModelBuilder EfficientNet(int size, int divisor, bool isLite)
    {
        NetworkWriter net = new(3, size, size, divisor);
        Func<string, string> act = isLite ? net.Relu6 : net.Silu;
        string x = act(net.Norm(net.Conv(net.Input, net.Width(32), 3, 2)));
        foreach ((int expand, int width, int count, int stride, int kernel) in new[]
        {
            (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
        })
        {
            for (int i = 0; i < count; i++)
            {
                int squeeze = isLite ? 0 : Math.Max(net.Channels(x) / 4, 4);
                x = Inverted(
                    net, x, net.Channels(x) * expand, net.Width(width), kernel, i == 0 ? stride : 1, act, squeeze, gate => net.Apply("Sigmoid", gate), act);
            }
        }

        x = net.GlobalAverage(act(net.Norm(net.Conv(x, net.Width(1280), 1))));
        return net.Output(net.Classifier(x, net.Channels(x), 100));
    }

    /// <summary>Expansion, depthwise convolution, squeeze-and-excite, projection, shortcut.</summary>
    private static string Inverted(
        NetworkWriter net, string x, int hidden, int outputs, int kernel, int stride, Func<string, string> act, int squeeze,
        Func<string, string>? gate, Func<string, string>? squeezeAct = null)
    {
        string y = hidden == net.Channels(x) ? x : act(net.Norm(net.Conv(x, hidden, 1)));
        y = act(net.Norm(net.Conv(y, hidden, kernel, stride, groups: hidden)));
        if (squeeze > 0)
        {
            string small = (squeezeAct ?? net.Relu)(net.Conv(net.GlobalAverage(y), squeeze, 1, bias: true));
            y = net.Mul(y, gate!(net.Conv(small, hidden, 1, bias: true)));
        }

        y = net.Norm(net.Conv(y, outputs, 1));
        return stride == 1 && net.Channels(x) == outputs ? net.Add(x, y) : y;
    }

    private static string WrittenHardSigmoid(NetworkWriter net, string x)
    {
        string moved = net.Model.Node("Add", [x, net.Model.Floats([], 3)]);
        string clipped = net.Model.Node("Clip", [moved, net.Model.Floats([], 0), net.Model.Floats([], 6)]);
        return net.Made(net.Model.Node("Div", [clipped, net.Model.Floats([], 6)]), net.Channels(x));
    }

    private static string WrittenHardSwish(NetworkWriter net, string x) => net.Mul(x, WrittenHardSigmoid(net, x));
}
