namespace Hawq.Testing.Onnx.Networks;

/// <summary>VGG-16 (Simonyan and Zisserman 2014), SqueezeNet 1.1 (Iandola et al. 2016) and an MLP autoencoder (MLPerf Tiny's anomaly detection).</summary>
internal static class PlainNetworks
{
    /// <summary>BatchNormalization is folded already; Dropout stands between the fully connected layers.</summary>
    public static OnnxModelBuilder Vgg16(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor, opset: 12);
        string x = net.Input;
        foreach ((int width, int count) in new[] { (64, 2), (128, 2), (256, 3), (512, 3), (512, 3) })
        {
            for (int i = 0; i < count; i++)
            {
                x = net.Relu(net.Conv(x, net.Width(width), 3, bias: true));
            }

            x = net.MaxPool(x, 2, 2);
        }

        int side = size / 32;
        int hidden = net.Width(4096);
        x = net.Relu(net.Classifier(x, net.Channels(x) * side * side, hidden));
        x = net.Relu(net.Linear(net.Apply("Dropout", x), hidden, hidden));
        return net.Output(net.Linear(net.Apply("Dropout", x), hidden, 100));
    }

    /// <summary>The classifier is a convolution; ceil_mode pooling; a Softmax at the end.</summary>
    public static OnnxModelBuilder SqueezeNet(int size, int divisor)
    {
        NetworkWriter net = new(3, size, size, divisor, opset: 11);
        string x = net.MaxPool(net.Relu(net.Conv(net.Input, net.Width(64), 3, 2, 0, bias: true)), 3, 2, ceil: true);
        int fire = 0;
        foreach ((int squeeze, int expand) in new[] { (16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256) })
        {
            string squeezed = net.Relu(net.Conv(x, net.Width(squeeze), 1, bias: true));
            x = net.Concat(
                net.Relu(net.Conv(squeezed, net.Width(expand), 1, bias: true)), net.Relu(net.Conv(squeezed, net.Width(expand), 3, bias: true)));
            if (++fire is 2 or 4)
            {
                x = net.MaxPool(x, 3, 2, ceil: true);
            }
        }

        x = net.GlobalAverage(net.Relu(net.Conv(net.Apply("Dropout", x), 100, 1, bias: true)));
        string flat = net.Model.Node("Reshape", [x, net.Model.Integers(0, -1)]);
        return net.Output(net.Model.Node("Softmax", [flat], ("axis", 1)));
    }

    /// <summary>Fully connected layers as MatMul and Add, with BatchNormalization.</summary>
    public static OnnxModelBuilder Autoencoder(int features)
    {
        OnnxModelBuilder model = new(3);
        string x = model.Input("input", null, features);
        int inputs = features;
        foreach (int outputs in new[] { 128, 128, 8, 128, 128, features })
        {
            string product = model.Node("MatMul", [x, model.Random(MathF.Sqrt(6f / inputs), inputs, outputs)]);
            x = model.Node("Add", [product, model.Random(0.1f, outputs)]);
            if (outputs != features)
            {
                x = model.Node(
                    "BatchNormalization",
                    [x, model.Random(0.8f, 1.2f, outputs), model.Random(0.1f, outputs), model.Random(0.1f, outputs), model.Random(0.8f, 1.2f, outputs)]);
                x = model.Node("Relu", [x]);
            }

            inputs = outputs;
        }

        return model.Output(x);
    }
}
