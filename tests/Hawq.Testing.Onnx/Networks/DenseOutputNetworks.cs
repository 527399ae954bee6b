namespace Hawq.Testing.Onnx.Networks;

/// <summary>Networks with images as outputs: a small U-Net (Ronneberger et al. 2015) and a YOLO-style detector with three outputs.</summary>
internal static class DenseOutputNetworks
{
    /// <summary>Enlarges by nearest-neighbour Resize or by transposed convolutions.</summary>
    public static OnnxModelBuilder UNet(int size, int divisor, bool isResize)
    {
        NetworkWriter net = new(3, size, size, divisor, opset: isResize ? 13 : 17);
        Stack<string> skips = new();
        string x = net.Input;
        foreach (int width in new[] { 32, 64, 128 })
        {
            x = net.ConvNormRelu(net.ConvNormRelu(x, net.Width(width), 3), net.Width(width), 3);
            skips.Push(x);
            x = net.MaxPool(x, 2, 2);
        }

        x = net.ConvNormRelu(x, net.Width(256), 3);
        foreach (int width in new[] { 128, 64, 32 })
        {
            x = isResize ? Resize(net, x) : Transposed(net, x, net.Width(width));
            x = net.ConvNormRelu(net.Concat(skips.Pop(), x), net.Width(width), 3);
        }

        return net.Output(net.Apply("Sigmoid", net.Conv(x, 2, 1, bias: true)));
    }

    /// <summary>LeakyRelu backbone, a top-down path with Resize and concat, three heads.</summary>
    public static OnnxModelBuilder Yolo(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor);
        string Cna(string x, int width, int kernel, int stride = 1) =>
            net.Apply("LeakyRelu", net.Norm(net.Conv(x, net.Width(width), kernel, stride)), ("alpha", 0.1f));
        string Head(string x) => net.Conv(Cna(x, 64, 3), 18, 1, bias: true);
        string Residual(string x) =>
            net.Add(x, net.Apply("LeakyRelu", net.Norm(net.Conv(net.ConvNormRelu(x, net.Channels(x), 1), net.Channels(x), 3)), ("alpha", 0.1f)));
        string stem = Cna(Cna(net.Input, 16, 3, 2), 32, 3, 2);
        string large = Cna(Residual(stem), 64, 3, 2);
        string medium = Cna(Residual(large), 128, 3, 2);
        string small = Cna(Residual(medium), 256, 3, 2);
        string middle = net.Concat(Resize(net, Cna(small, 64, 1)), medium);
        string near = net.Concat(Resize(net, Cna(middle, 32, 1)), large);
        return net.Output(Head(small), Head(middle), Head(near));
    }

    private static string Resize(NetworkWriter net, string x) =>
        net.Made(
            net.Model.Node(
                "Resize", [x, "", net.Model.Floats([4], 1, 1, 2, 2)], ("coordinate_transformation_mode", "asymmetric"), ("cubic_coeff_a", -0.75f),
                ("mode", "nearest"), ("nearest_mode", "floor")),
            net.Channels(x));

    private static string Transposed(NetworkWriter net, string x, int outputs) =>
        net.Made(
            net.Model.Node(
                "ConvTranspose", [x, net.Model.Random(MathF.Sqrt(3f / net.Channels(x)), net.Channels(x), outputs, 2, 2), net.Model.Random(0.1f, outputs)],
                ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 })),
            outputs);
}
