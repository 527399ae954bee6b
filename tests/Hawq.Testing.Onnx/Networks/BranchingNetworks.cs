namespace Hawq.Testing.Onnx.Networks;

/// <summary>InceptionV3 (Szegedy et al. 2015), DenseNet-121 (Huang et al. 2016) and ShuffleNetV2 x1.0 (Ma et al. 2018).</summary>
internal static class BranchingNetworks
{
    /// <summary>Factorised 1x7 and 7x1 kernels, average-pool branches, concat everywhere. The input has at least 75 rows and columns.</summary>
    public static OnnxModelBuilder InceptionV3(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor);
        string Cnr(string x, int width, int kernel, int stride = 1, int pad = 0) => net.ConvNormRelu(x, net.Width(width), kernel, stride, pad);
        string Line(string x, int width, int rows, int columns) =>
            net.Relu(net.Norm(net.Conv(x, net.Width(width), rows, columns, 1, rows / 2, columns / 2)));
        string x = Cnr(Cnr(Cnr(net.Input, 32, 3, 2), 32, 3), 64, 3, 1, 1);
        x = net.MaxPool(Cnr(Cnr(net.MaxPool(x, 3, 2), 80, 1), 192, 3), 3, 2);
        foreach (int pooled in new[] { 32, 64, 64 })
        {
            x = net.Concat(
                Cnr(x, 64, 1), Cnr(Cnr(x, 48, 1), 64, 5, 1, 2), Cnr(Cnr(Cnr(x, 64, 1), 96, 3, 1, 1), 96, 3, 1, 1), Cnr(net.AveragePool(x, 3, 1, 1), pooled, 1));
        }

        x = net.Concat(Cnr(x, 384, 3, 2), Cnr(Cnr(Cnr(x, 64, 1), 96, 3, 1, 1), 96, 3, 2), net.MaxPool(x, 3, 2));
        foreach (int width in new[] { 128, 160, 160, 192 })
        {
            string twice = Line(Line(Cnr(x, width, 1), width, 1, 7), 192, 7, 1);
            string four = Line(Line(Line(Line(Cnr(x, width, 1), width, 7, 1), width, 1, 7), width, 7, 1), 192, 1, 7);
            x = net.Concat(Cnr(x, 192, 1), twice, four, Cnr(net.AveragePool(x, 3, 1, 1), 192, 1));
        }

        x = net.Concat(Cnr(Cnr(x, 192, 1), 320, 3, 2), Cnr(Line(Line(Cnr(x, 192, 1), 192, 1, 7), 192, 7, 1), 192, 3, 2), net.MaxPool(x, 3, 2));
        for (int i = 0; i < 2; i++)
        {
            string a = Cnr(x, 384, 1);
            string b = Cnr(Cnr(x, 448, 1), 384, 3, 1, 1);
            x = net.Concat(
                Cnr(x, 320, 1), net.Concat(Line(a, 384, 1, 3), Line(a, 384, 3, 1)), net.Concat(Line(b, 384, 1, 3), Line(b, 384, 3, 1)),
                Cnr(net.AveragePool(x, 3, 1, 1, countPadding: false), 192, 1));
        }

        return net.Output(net.Classifier(net.Apply("Dropout", net.GlobalAverage(x)), net.Channels(x), 100));
    }

    /// <summary>BatchNormalization stands before the convolutions, so it does not fold into one.</summary>
    public static OnnxModelBuilder DenseNet121(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor);
        int growth = net.Width(32);
        string x = net.MaxPool(net.ConvNormRelu(net.Input, net.Width(64), 7, 2), 3, 2, 1);
        int[] blocks = [6, 12, 24, 16];
        for (int block = 0; block < blocks.Length; block++)
        {
            for (int i = 0; i < blocks[block]; i++)
            {
                string y = net.Conv(net.Relu(net.Norm(x)), 4 * growth, 1);
                x = net.Concat(x, net.Conv(net.Relu(net.Norm(y)), growth, 3));
            }

            if (block < blocks.Length - 1)
            {
                x = net.AveragePool(net.Conv(net.Relu(net.Norm(x)), net.Channels(x) / 2, 1), 2, 2);
            }
        }

        return net.Output(net.Classifier(net.GlobalAverage(net.Relu(net.Norm(x))), net.Channels(x), 100));
    }

    /// <summary>Split, concat and channel shuffle.</summary>
    public static OnnxModelBuilder ShuffleNetV2(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor);
        string x = net.MaxPool(net.ConvNormRelu(net.Input, net.Width(24), 3, 2), 3, 2, 1);
        int side = size / 4;
        foreach ((int width, int count) in new[] { (116, 4), (232, 8), (464, 4) })
        {
            int half = net.Width(width) / 2;
            side /= 2;
            for (int i = 0; i < count; i++)
            {
                (string left, string right) = i == 0 ? (x, x) : net.Halves(x);
                int stride = i == 0 ? 2 : 1;
                if (i == 0)
                {
                    left = net.ConvNormRelu(net.Norm(net.Conv(left, net.Channels(left), 3, 2, groups: net.Channels(left))), half, 1);
                }

                right = net.ConvNormRelu(right, half, 1);
                right = net.ConvNormRelu(net.Norm(net.Conv(right, half, 3, stride, groups: half)), half, 1);
                x = net.Shuffle(net.Concat(left, right), 2, side, side);
            }
        }

        x = net.ConvNormRelu(x, net.Width(1024), 1);
        string mean = net.Model.Node("ReduceMean", [x], ("axes", new long[] { 2, 3 }), ("keepdims", 0));
        return net.Output(net.Linear(mean, net.Channels(x), 100));
    }
}
