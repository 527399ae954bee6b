namespace Hawq.Testing.Onnx.Networks;

/// <summary>ResNet-18, 34 and 50 (He et al. 2015); v1 strides in the first 1x1 convolution of a bottleneck, v1.5 in its 3x3 convolution.</summary>
internal static class ResNets
{
    public static OnnxModelBuilder Basic(int size, int divisor, params int[] blocks) =>
        Build(size, divisor, blocks, (net, x, width, stride) =>
        {
            string y = net.ConvNormRelu(x, width, 3, stride);
            y = net.Norm(net.Conv(y, width, 3));
            return net.Relu(net.Add(y, Shortcut(net, x, width, stride)));
        });

    public static OnnxModelBuilder Bottleneck(int size, int divisor, bool isV15, params int[] blocks) =>
        Build(size, divisor, blocks, (net, x, width, stride) =>
        {
            string y = net.ConvNormRelu(x, width, 1, isV15 ? 1 : stride);
            y = net.ConvNormRelu(y, width, 3, isV15 ? stride : 1);
            y = net.Norm(net.Conv(y, width * 4, 1));
            return net.Relu(net.Add(y, Shortcut(net, x, width * 4, stride)));
        });

    private static OnnxModelBuilder Build(int size, int divisor, int[] blocks, Func<NetworkWriter, string, int, int, string> block)
    {
        NetworkWriter net = new(3, size, size, divisor);
        string x = net.MaxPool(net.ConvNormRelu(net.Input, net.Width(64), 7, 2), 3, 2, 1);
        for (int stage = 0; stage < 4; stage++)
        {
            for (int i = 0; i < blocks[stage]; i++)
            {
                x = block(net, x, net.Width(64 << stage), i == 0 && stage > 0 ? 2 : 1);
            }
        }

        return net.Output(net.Classifier(net.GlobalAverage(x), net.Channels(x), 100));
    }

    private static string Shortcut(NetworkWriter net, string x, int width, int stride) =>
        stride == 1 && net.Channels(x) == width ? x : net.Norm(net.Conv(x, width, 1, stride));
}
