using Hawq.Cli.Verification;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class TierCheckTests
{
    [Fact]
    public void Generated_code_and_reference_are_identical()
    {
        TierResult result = Check(null);
        Assert.Null(result.Difference);
        Assert.True(result.BytesCompared > 10_000, $"{result.BytesCompared} bytes");
        Assert.True(result.Tensors >= 4, $"{result.Tensors} tensors");
    }

    [Fact]
    public void One_changed_digit_in_the_generated_text_is_found_and_located()
    {
        (Network network, _) = SmallNetwork.Build(pixels: false);
        ConvLayer second = network.Layers.OfType<ConvLayer>().ElementAt(1);
        string multiplier = $"{second.Requantize[0].Multiplier}";
        TierResult result = Check(text => text.Replace(multiplier, $"{second.Requantize[0].Multiplier ^ (1 << 29)}", StringComparison.Ordinal));
        Assert.NotNull(result.Difference);
        Assert.Equal(second.Name, result.Difference.Layer);
        Assert.Equal(0, result.Difference.Channel);
        Assert.NotEqual(result.Difference.Expected, result.Difference.Got);
    }

    [Fact]
    public void Cases_survive_the_file()
    {
        (Network network, NetworkWeights weights) = SmallNetwork.Build(pixels: false);
        VerificationCase[] cases = [.. VerificationCases.Compute(network, weights, VerificationInputs.Synthetic(network, weights, 1, 1))];
        using TemporaryFolder folder = new();
        using (BinaryWriter writer = new(File.Create(folder.PathOf("cases.bin"))))
        {
            foreach (VerificationCase item in cases)
            {
                VerificationCases.Write(writer, item);
            }
        }

        VerificationCase[] read = [.. VerificationCases.Read(folder.PathOf("cases.bin"))];
        Assert.Equal(cases.Select(c => c.Name), read.Select(c => c.Name));
        Assert.All(cases.Zip(read), pair =>
        {
            Assert.Equal(pair.First.Input, pair.Second.Input);
            Assert.All(pair.First.Expected, tensor => Assert.Equal(tensor.Value, pair.Second.Expected[tensor.Key]));
        });
    }

    [Fact]
    public void Adversarial_inputs_reach_the_bounds_of_the_first_accumulator()
    {
        (Network network, NetworkWeights weights) = SmallNetwork.Build(pixels: false);
        ConvLayer first = (ConvLayer)network.Layers[0];
        WeightFacts facts = first.Facts;
        sbyte[] codes = weights.Unpack(first.Weights);
        Tensor input = network.Tensor(first.Input);
        long largest = VerificationInputs.Synthetic(network, weights, 0, first.OutputChannels)
            .Where(i => i.Name.StartsWith("largest", StringComparison.Ordinal))
            .Max(i => Enumerable.Range(0, first.OutputChannels).Max(o => Accumulator(first, codes, input, i.Codes, o)));
        Assert.Equal(facts.AccumulatorHi, largest);
    }

    /// <summary>The accumulator of one output channel at output position (1, 1).</summary>
    private static long Accumulator(ConvLayer layer, sbyte[] codes, Tensor input, int[] pixels, int channel)
    {
        long sum = layer.Bias[channel];
        int next = channel * layer.Weights.PerChannel;
        for (int y = 0; y < layer.Weights.KernelHeight; y++)
        {
            for (int x = 0; x < layer.Weights.KernelWidth; x++)
            {
                for (int c = 0; c < input.Shape.Channels; c++)
                {
                    int row = 3 + y - layer.Padding.Top;
                    int column = 3 + x - layer.Padding.Left;
                    sum += codes[next++] * (pixels[(((row * input.Shape.Width) + column) * input.Shape.Channels) + c] - input.ZeroPoint);
                }
            }
        }

        return sum;
    }

    private static TierResult Check(Func<string, string>? rewrite)
    {
        (Network network, NetworkWeights weights) = SmallNetwork.Build(pixels: false);
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Trace: true, Rewrite: rewrite));
        using CompiledNetwork loaded = CompiledNetwork.Load(compiled.Plan, compiled.Image);
        IEnumerable<VerificationInput> inputs = VerificationInputs.Synthetic(network, weights, 2, 2);
        return TierCheck.Run(loaded, VerificationCases.Compute(network, weights, inputs), "this", CancellationToken.None);
    }
}
