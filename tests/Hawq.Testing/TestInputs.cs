using Hawq.Model;

namespace Hawq.Testing;

/// <summary>Inputs for networks of tests: random ones, and the ones that drive accumulators to their ends.</summary>
public static class TestInputs
{
    /// <summary>Random image bytes.</summary>
    public static byte[] Pixels(Network network, int seed)
    {
        byte[] pixels = new byte[network.Tensor(network.Input.Tensor).Shape.Length];
        new Random(seed).NextBytes(pixels);
        return pixels;
    }

    /// <summary>Black, white, and black and white in turn.</summary>
    public static IReadOnlyList<byte[]> ExtremePixels(Network network)
    {
        int length = network.Tensor(network.Input.Tensor).Shape.Length;
        return
        [
            new byte[length],
            Enumerable.Repeat((byte)255, length).ToArray(),
            Enumerable.Range(0, length).Select(i => (byte)(i % 2 == 0 ? 255 : 0)).ToArray(),
            Enumerable.Range(0, length).Select(i => (byte)(i % 2 == 0 ? 0 : 255)).ToArray(),
        ];
    }

    /// <summary>Random codes in the range of a tensor.</summary>
    public static int[] Codes(Tensor tensor, int seed)
    {
        Random random = new(seed);
        return Enumerable.Range(0, tensor.Shape.Length).Select(_ => (int)random.NextInt64(tensor.Lo, (long)tensor.Hi + 1)).ToArray();
    }

    /// <summary>All lowest, all highest, all zero, and lowest and highest in turn.</summary>
    public static IReadOnlyList<int[]> ExtremeCodes(Tensor tensor)
    {
        int length = tensor.Shape.Length;
        return
        [
            Enumerable.Repeat(tensor.Lo, length).ToArray(),
            Enumerable.Repeat(tensor.Hi, length).ToArray(),
            Enumerable.Repeat(tensor.ZeroPoint, length).ToArray(),
            Enumerable.Range(0, length).Select(i => i % 2 == 0 ? tensor.Lo : tensor.Hi).ToArray(),
        ];
    }

    /// <summary>
    /// Codes for the input of a convolution that drive one accumulator of one output channel to its end: the worst code at every tap of the
    /// given output position, the zero point elsewhere.
    /// </summary>
    /// <param name="layer">The convolution.</param>
    /// <param name="weights">Its unpacked weights.</param>
    /// <param name="input">Its input tensor.</param>
    /// <param name="channel">Output channel.</param>
    /// <param name="row">Output row.</param>
    /// <param name="column">Output column.</param>
    /// <param name="highest">Whether the accumulator becomes as large, or as small, as it can.</param>
    public static int[] Adversarial(ConvLayer layer, sbyte[] weights, Tensor input, int channel, int row, int column, bool highest)
    {
        int[] codes = Enumerable.Repeat(input.ZeroPoint, input.Shape.Length).ToArray();
        WeightTensor shape = layer.Weights;
        int firstChannel = channel / (shape.OutputChannels / layer.Groups) * shape.InputChannels;
        int next = channel * shape.PerChannel;
        for (int r = 0; r < shape.KernelHeight; r++)
        {
            for (int s = 0; s < shape.KernelWidth; s++)
            {
                int y = (row * layer.Stride.Height) - layer.Padding.Top + (r * layer.Dilation.Height);
                int x = (column * layer.Stride.Width) - layer.Padding.Left + (s * layer.Dilation.Width);
                for (int c = 0; c < shape.InputChannels; c++, next++)
                {
                    if (y >= 0 && y < input.Shape.Height && x >= 0 && x < input.Shape.Width)
                    {
                        bool high = weights[next] > 0 == highest;
                        codes[(((y * input.Shape.Width) + x) * input.Shape.Channels) + firstChannel + c] = high ? input.Hi : input.Lo;
                    }
                }
            }
        }

        return codes;
    }
}
