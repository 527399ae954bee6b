using Hawq.Model;

namespace Hawq.Testing;

/// <summary>Seeded random networks over all operators, for property tests.</summary>
public static class RandomNetworks
{
    private static readonly Activation[] s_convOutputs =
        [Activation.U4, Activation.U7, Activation.U8, Activation.U8Asymmetric, Activation.S4, Activation.S8, Activation.S8Full];

    private static readonly int[] s_weightBits = [2, 4, 8, 8];

    /// <summary>A network of a few layers, at most 12 x 12 pixels and about 40 channels; the same seed gives the same network.</summary>
    public static (Network Network, NetworkWeights Weights) Create(int seed)
    {
        Random random = new(seed);
        NetworkBuilder b = new($"random{seed}", seed) { Pattern = (WeightPattern)random.Next(3), TablesAbove = seed % 2 == 0 ? 0 : ChannelTables.MaxLiteralBytes };
        b.Input(random.Next(1, 13), random.Next(1, 13), random.Next(1, 6), pixels: random.Next(2) == 0, range: Pick(random, s_convOutputs));
        string x = b.InputName;
        int steps = random.Next(1, 6);
        for (int i = 0; i < steps; i++)
        {
            x = random.Next(7) switch
            {
                0 => b.Depthwise(x, Math.Max(1, random.Next(4)), random.Next(1, 3), 1, Pick(random, s_weightBits), Pick(random, s_convOutputs)),
                1 => Block(b, x, random),
                2 => b.Pad(x, new Padding(random.Next(2), random.Next(3), random.Next(2), random.Next(2)), random.Next(2), random.Next(3)),
                3 => b.Slice(x, random.Next(1, 3)),
                4 => b.Requantize(x, Pick(random, s_convOutputs)),
                _ => Conv(b, x, random),
            };
        }

        if (random.Next(3) == 0)
        {
            return b.Build(x);
        }

        x = random.Next(2) == 0 ? b.GlobalAveragePool(x, Pick(random, s_convOutputs)) : x;
        return b.Build(b.Gemm(x, random.Next(1, 11), Pick(random, s_weightBits)));
    }

    private static string Conv(NetworkBuilder b, string x, Random random)
    {
        Shape shape = b[x].Shape;
        Size2 kernel = new(random.Next(1, 4), random.Next(1, 4));
        Size2 dilation = new(random.Next(1, 3), random.Next(1, 3));
        // Enough padding that the (dilated) kernel fits even into one pixel.
        Padding padding = new(random.Next(2), random.Next(2), (kernel.Height - 1) * dilation.Height, (kernel.Width - 1) * dilation.Width);
        int groups = shape.Channels % 2 == 0 && random.Next(3) == 0 ? 2 : 1;
        int channels = groups * random.Next(1, 20);
        return b.Conv(
            x, channels, kernel, new Size2(random.Next(1, 4), random.Next(1, 3)), padding, Pick(random, s_weightBits), Pick(random, s_convOutputs), dilation, groups);
    }

    private static string Block(NetworkBuilder b, string x, Random random)
    {
        string residual = b.Conv(x, random.Next(1, 17), 3, activation: Activation.Residual);
        string input = b.Requantize(residual, Activation.U7);
        return b.BasicBlock(residual, input, b[residual].Shape.Channels + random.Next(3), random.Next(1, 3), Pick(random, s_weightBits)).Input;
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
