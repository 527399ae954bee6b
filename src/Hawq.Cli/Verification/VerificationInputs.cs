using Hawq.Model;

namespace Hawq.Cli.Verification;

/// <summary>One input of a verification.</summary>
/// <param name="Name">What it is, for reports.</param>
/// <param name="Codes">Image bytes, or input codes for a network without pixel tables; row, column, channel.</param>
internal sealed record VerificationInput(string Name, int[] Codes);

/// <summary>
/// Inputs that try hard to find a difference: extremes, noise, and for every output channel of the first linear layer the two inputs
/// that drive its accumulator to its bounds. Deterministic.
/// </summary>
internal static class VerificationInputs
{
    private const int RandomSeed = 20201120;

    /// <summary>The synthetic inputs.</summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="randomInputs">How many random ones.</param>
    /// <param name="adversarialChannels">At most so many output channels get adversarial inputs (evenly spread).</param>
    public static IEnumerable<VerificationInput> Synthetic(Network network, NetworkWeights weights, int randomInputs, int adversarialChannels)
    {
        Tensor input = network.Tensor(network.Input.Tensor);
        InputAlphabet alphabet = new(network, input);
        int length = input.Shape.Length;
        yield return new VerificationInput("all-min", Fill(length, _ => alphabet.Lo));
        yield return new VerificationInput("all-max", Fill(length, _ => alphabet.Hi));
        Random random = new(RandomSeed);
        for (int i = 0; i < randomInputs; i++)
        {
            yield return new VerificationInput($"random {i}", Fill(length, _ => random.Next(alphabet.Lo, alphabet.Hi + 1)));
        }

        yield return new VerificationInput("random extremes", Fill(length, _ => random.Next(2) == 0 ? alphabet.Lo : alphabet.Hi));

        if (network.Layers.OfType<LinearLayer>().FirstOrDefault(l => l.Input == input.Name) is { } first)
        {
            int channels = Math.Min(adversarialChannels, first.OutputChannels);
            sbyte[] codes = weights.Unpack(first.Weights);
            for (int i = 0; i < channels; i++)
            {
                int channel = (int)((long)i * first.OutputChannels / channels);
                yield return new VerificationInput($"largest accumulator of channel {channel}", Adversarial(first, codes, input.Shape, alphabet, channel, 1));
                yield return new VerificationInput($"smallest accumulator of channel {channel}", Adversarial(first, codes, input.Shape, alphabet, channel, -1));
            }
        }
    }

    /// <summary>
    /// Tiles the input with the channel's kernel: at every position whose window starts at a multiple of the kernel size all taps meet their
    /// worst code at once.
    /// </summary>
    private static int[] Adversarial(LinearLayer layer, sbyte[] codes, Shape shape, InputAlphabet alphabet, int channel, int sign)
    {
        WeightTensor weights = layer.Weights;
        bool gemm = layer is GemmLayer;
        int rows = gemm ? shape.Height : weights.KernelHeight;
        int columns = gemm ? shape.Width : weights.KernelWidth;
        int perTap = weights.PerChannel / (rows * columns);
        int firstInput = gemm ? 0 : channel / (layer.OutputChannels / ((ConvLayer)layer).Groups) * perTap;
        Padding padding = gemm ? default : ((ConvLayer)layer).Padding;
        Size2 dilation = gemm ? new Size2(1, 1) : ((ConvLayer)layer).Dilation;
        int[] result = new int[shape.Length];
        int next = 0;
        for (int y = 0; y < shape.Height; y++)
        {
            for (int x = 0; x < shape.Width; x++)
            {
                int row = (y + padding.Top) / dilation.Height % rows;
                int column = (x + padding.Left) / dilation.Width % columns;
                for (int c = 0; c < shape.Channels; c++, next++)
                {
                    int k = c - firstInput;
                    bool used = k >= 0 && k < perTap;
                    int weight = used ? codes[(((((channel * rows) + row) * columns) + column) * perTap) + k] : 0;
                    result[next] = weight * sign >= 0 ? alphabet.Largest(c) : alphabet.Smallest(c);
                }
            }
        }

        return result;
    }

    private static int[] Fill(int length, Func<int, int> value)
    {
        int[] codes = new int[length];
        for (int i = 0; i < length; i++)
        {
            codes[i] = value(i);
        }

        return codes;
    }

    /// <summary>What an input element may be: a byte where there are pixel tables, else a code of the input tensor.</summary>
    private sealed class InputAlphabet
    {
        private readonly int[] _smallest;
        private readonly int[] _largest;

        public InputAlphabet(Network network, Tensor input)
        {
            bool pixels = network.Input.PixelTables.Count > 0;
            (Lo, Hi) = pixels ? (0, 255) : (input.Lo, input.Hi);
            _smallest = [.. Enumerable.Range(0, input.Shape.Channels).Select(c => pixels ? IndexOfExtreme(network.Input.PixelTables[c], -1) : Lo)];
            _largest = [.. Enumerable.Range(0, input.Shape.Channels).Select(c => pixels ? IndexOfExtreme(network.Input.PixelTables[c], 1) : Hi)];
        }

        public int Lo { get; }

        public int Hi { get; }

        /// <summary>The element that becomes the smallest code of a channel.</summary>
        public int Smallest(int channel) => _smallest[channel];

        /// <summary>The element that becomes the largest code of a channel.</summary>
        public int Largest(int channel) => _largest[channel];

        private static int IndexOfExtreme(EquatableArray<int> table, int sign)
        {
            int best = 0;
            for (int i = 1; i < table.Count; i++)
            {
                best = table[i] * sign > table[best] * sign ? i : best;
            }

            return best;
        }
    }
}
