using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Reference.Tests;

public class InterpreterTests
{
    [Fact]
    public void Every_tensor_of_a_random_network_has_its_length_and_stays_in_its_range()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            Interpreter interpreter = new(network, weights);
            Tensor input = network.Tensor(network.Input.Tensor);
            foreach (int[] codes in TestInputs.ExtremeCodes(input).Append(TestInputs.Codes(input, seed)))
            {
                IReadOnlyDictionary<string, int[]> values = interpreter.RunCodes(codes);
                Assert.All(network.Tensors, tensor =>
                {
                    Assert.Equal(tensor.Shape.Length, values[tensor.Name].Length);
                    Assert.All(values[tensor.Name], code => Assert.InRange(code, tensor.Lo, tensor.Hi));
                });
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_adversarial_input_reaches_the_accumulator_bound_of_the_facts(bool highest)
    {
        NetworkBuilder b = new NetworkBuilder("bound", 3) { Pattern = WeightPattern.Uniform }.Input(5, 5, 4, range: Activation.U8Asymmetric);
        (Network network, NetworkWeights weights) = b.Build(b.Conv(b.InputName, 6, 3, activation: Activation.Branch));
        ConvLayer conv = (ConvLayer)network.Layers[0];
        Tensor input = network.Tensor(conv.Input);
        sbyte[] codes = weights.Unpack(conv.Weights);
        // With the multiplier 1 and no clamp, the output is the accumulator.
        ConvLayer raw = conv with { Requantize = Enumerable.Repeat(new Dyadic(1 << 30, 30), 6).ToArray() };
        Tensor output = network.Tensor(conv.Output) with { Lo = int.MinValue, Hi = int.MaxValue };

        int[] reached = Enumerable.Range(0, 6).Select(channel =>
        {
            int[] worst = TestInputs.Adversarial(conv, codes, input, channel, 2, 2, highest);
            return LayerEvaluator.Evaluate(raw, [new(input, worst)], output, codes)[(((2 * 5) + 2) * 6) + channel];
        }).ToArray();

        Assert.Equal(highest ? conv.Facts.AccumulatorHi : conv.Facts.AccumulatorLo, highest ? reached.Max() : reached.Min());
    }

    [Fact]
    public void Pixels_go_through_the_table_of_their_channel()
    {
        NetworkBuilder b = new NetworkBuilder("pixels", 1).Input(1, 2, 2, pixels: true, range: Activation.U8);
        (Network network, NetworkWeights weights) = b.Build(b.Requantize(b.InputName, Activation.U8));
        EquatableArray<EquatableArray<int>> tables = network.Input.PixelTables;
        Assert.Equal(
            [tables[0][10], tables[1][20], tables[0][30], tables[1][40]],
            new Interpreter(network, weights).Run([10, 20, 30, 40])[network.Input.Tensor]);
    }

    [Fact]
    public void Running_layer_by_layer_equals_running_at_once()
    {
        (Network network, NetworkWeights weights) = RandomNetworks.Create(7);
        Interpreter interpreter = new(network, weights);
        int[] codes = TestInputs.Codes(network.Tensor(network.Input.Tensor), 7);
        Dictionary<string, int[]> values = new() { [network.Input.Tensor] = codes };
        for (int i = 0; i < network.Layers.Count; i++)
        {
            interpreter.Run(values, i, i + 1);
        }

        IReadOnlyDictionary<string, int[]> expected = interpreter.RunCodes(codes);
        Assert.All(network.Tensors, tensor => Assert.Equal(expected[tensor.Name], values[tensor.Name]));
    }

    [Fact]
    public void The_outputs_of_a_built_network_use_their_range_and_do_not_all_clamp()
    {
        NetworkBuilder b = new NetworkBuilder("spread", 5).Input(16, 16, 3, pixels: true);
        string x = b.Conv(b.InputName, 16, 3);
        string y = b.Conv(x, 16, 3);
        (Network network, NetworkWeights weights) = b.Build(y);
        int[] codes = new Interpreter(network, weights).Run(TestInputs.Pixels(network, 1))[y];
        Assert.InRange(codes.Distinct().Count(), 100, 128);
        Assert.InRange(codes.Count(code => code is > 0 and < 127) / (double)codes.Length, 0.2, 0.95);
    }

    [Fact]
    public void Inputs_of_another_size_or_outside_the_range_are_refused()
    {
        NetworkBuilder b = new NetworkBuilder("sizes", 1).Input(2, 2, 1, pixels: true, range: Activation.S8);
        (Network network, NetworkWeights weights) = b.Build(b.Requantize(b.InputName, Activation.U8));
        Interpreter interpreter = new(network, weights);
        Assert.Throws<ArgumentException>(() => interpreter.Run(new byte[5]));
        Assert.Throws<ArgumentException>(() => interpreter.RunCodes([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => interpreter.RunCodes([1, 2, 3, -128]));
    }
}
