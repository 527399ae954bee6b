namespace Hawq.Testing.Onnx.Networks;

/// <summary>Kinds of the MLPerf Tiny networks (Banbury et al. 2021), as TensorFlow exports them: asymmetric SAME padding, window-sized average pooling.</summary>
internal static class TinyNetworks
{
    public static OnnxModelBuilder ResNet8(int size)
    {
        NetworkWriter net = new(3, size, size);
        string x = net.ConvNormRelu(net.Input, 16, 3);
        foreach ((int width, int stride) in new[] { (16, 1), (32, 2), (64, 2) })
        {
            string y = net.Norm(net.Conv(net.Relu(net.Norm(Same(net, x, width, 3, 3, stride))), width, 3));
            x = net.Relu(net.Add(stride == 1 ? x : Same(net, x, width, 1, 1, stride), y));
        }

        int side = (size + 3) / 4;
        return net.Output(net.Classifier(net.AveragePool(x, side, side), 64, 10));
    }

    public static OnnxModelBuilder DsCnn(int rows, int columns)
    {
        NetworkWriter net = new(1, rows, columns);
        string x = net.Relu(net.Norm(Same(net, net.Input, 64, 10, 4, 2)));
        for (int i = 0; i < 4; i++)
        {
            x = net.ConvNormRelu(x, 64, 3, groups: 64);
            x = net.ConvNormRelu(x, 64, 1);
        }

        return net.Output(net.Classifier(net.GlobalAverage(net.Apply("Dropout", x)), 64, 12));
    }

    private static string Same(NetworkWriter net, string x, int outputs, int rows, int columns, int stride) =>
        net.Made(
            net.Model.Node(
                "Conv", [x, net.Model.Random(MathF.Sqrt(6f / (net.Channels(x) * rows * columns)), outputs, net.Channels(x), rows, columns)],
                ("auto_pad", "SAME_UPPER"), ("strides", new long[] { stride, stride })),
            outputs);
}
