using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Planning.Tests;

/// <summary>What cannot be proven is refused, and what is proven is tight.</summary>
public sealed class ProofTests
{
    [Theory]
    [InlineData((long)int.MaxValue + 1, 0)]
    [InlineData(0, (long)int.MinValue - 1)]
    public void An_accumulator_beyond_int32_is_refused(long highest, long lowest)
    {
        Network network = WithFacts(facts => facts with { AccumulatorHi = Math.Max(highest, 1), AccumulatorLo = Math.Min(lowest, -1) });
        HawqException refusal = Assert.Throws<HawqException>(() => Planner.Plan(network));
        Assert.Equal(HawqIds.PlanOverflow, refusal.Id);
        Assert.Contains("conv0", refusal.Message);
    }

    [Fact]
    public void A_wider_accumulator_loses_the_high_half()
    {
        Assert.Equal(RequantizeForm.HighHalf, Epilogue(WithFacts(facts => facts)).Requantize!.Form);
        Network network = WithFacts(facts => facts with { AccumulatorHi = int.MaxValue });
        ConvLayer conv = (ConvLayer)network.Layers[0];
        conv = conv with { Requantize = conv.Requantize.Select(d => d with { Shift = 31 }).ToEquatableArray() };
        Assert.Equal(RequantizeForm.Wide, Epilogue(network with { Layers = EquatableArray.Of<Layer>(conv) }).Requantize!.Form);
    }

    [Fact]
    public void A_clamp_that_cannot_be_reached_is_left_out_and_comes_back_with_the_range()
    {
        Assert.False(Epilogue(WithFacts(facts => facts with { AccumulatorLo = 0, AccumulatorHi = 1 })).Clamp.Needed);
        Assert.True(Epilogue(WithFacts(facts => facts with { AccumulatorHi = 1 << 24 })).Clamp.High);
    }

    [Fact]
    public void An_adversarial_input_reaches_the_bound()
    {
        (Network network, NetworkWeights weights) = OneConvolution();
        ConvLayer conv = (ConvLayer)network.Layers[0];
        sbyte[] codes = weights.Unpack(conv.Weights);
        Tensor input = network.Tensor(conv.Input);
        ValueRange proven = Epilogue(network).Value;
        foreach (bool highest in new[] { true, false })
        {
            long reached = Enumerable.Range(0, conv.OutputChannels)
                .Select(o => Accumulate(conv, codes, input, TestInputs.Adversarial(conv, codes, input, o, 2, 2, highest), o))
                .Aggregate((a, b) => highest ? Math.Max(a, b) : Math.Min(a, b));
            Assert.Equal(highest ? proven.Hi : proven.Lo, reached);
        }
    }

    /// <summary>127 * 264 208 * 64 is the last multiple below 2^31.</summary>
    [Theory]
    [InlineData(264_208, 0, true)]
    [InlineData(264_209, 0, false)]
    [InlineData(0, -264_208, true)]
    [InlineData(0, -264_209, false)]
    public void Winograd_is_planned_up_to_its_bound_and_not_beyond(long positive, long negative, bool planned)
    {
        NetworkBuilder b = new NetworkBuilder("winograd", 2).Input(14, 14, 32, range: Activation.U7);
        b.Conv(b.InputName, 16, 3);
        Network network = b.Build().Network;
        ConvLayer conv = (ConvLayer)network.Layers[0];
        conv = conv with { Facts = conv.Facts with { PositiveSum = positive, NegativeSum = negative } };
        ConvStep step = Planner.Plan(network with { Layers = EquatableArray.Of<Layer>(conv) }).Steps.OfType<ConvStep>().Single();
        Assert.Equal(planned, step.Kernels.Any(kernel => kernel.Family == KernelFamily.Winograd4));
        Assert.Equal(planned, step.Proofs.Any(proof => proof.Contains("2 147 482 624, less than 2^31", StringComparison.Ordinal)));
    }

    /// <summary>Where the transforms of weights outweigh those of codes, threads that take rows would all do the same.</summary>
    [Theory]
    [InlineData(14, 128, WorkAxis.ChannelBlocks)]
    [InlineData(14, 32, WorkAxis.Rows)]
    [InlineData(28, 128, WorkAxis.Rows)]
    public void Threads_take_output_channels_of_winograd_layers_whose_weights_are_most_of_the_work(int map, int channels, WorkAxis axis)
    {
        NetworkBuilder b = new NetworkBuilder("winograd", 2).Input(map, map, 96, range: Activation.U7);
        b.Conv(b.InputName, channels, 3);
        Assert.Equal(axis, Planner.Plan(b.Build().Network).Steps.OfType<ConvStep>().Single().Work.Axis);
    }

    [Fact]
    public void Int16_lanes_have_their_worst_case_beside_the_kernel()
    {
        ConvStep step = Planner.Plan(OneConvolution().Network).Steps.OfType<ConvStep>().Single();
        KernelChoice kernel = step.Kernels.First(k => k.Family is KernelFamily.Tree or KernelFamily.Maddubs16);
        LaneWindow window = KernelProofs.Find(step.Weights.Facts, kernel.Window)!.Value;
        string worst = $"{step.Input.StoredHi * window.Positive} and {step.Input.StoredHi * window.Negative}";
        Assert.Contains(step.Proofs, proof => proof.Replace(" ", string.Empty).Contains(worst.Replace(" ", string.Empty), StringComparison.Ordinal));
    }

    [Fact]
    public void Equal_networks_have_equal_plans() => Assert.Equal(Planner.Plan(OneConvolution().Network), Planner.Plan(OneConvolution().Network));

    private static (Network Network, NetworkWeights Weights) OneConvolution()
    {
        NetworkBuilder b = new("one", 3);
        b.Input(5, 5, 3);
        b.Conv(b.InputName, 4, 3);
        return b.Build();
    }

    private static Network WithFacts(Func<WeightFacts, WeightFacts> change)
    {
        Network network = OneConvolution().Network;
        ConvLayer conv = (ConvLayer)network.Layers[0];
        return network with { Layers = EquatableArray.Of<Layer>(conv with { Facts = change(conv.Facts) }) };
    }

    private static Epilogue Epilogue(Network network) => Planner.Plan(network).Steps.OfType<ConvStep>().Single().Epilogue;

    // The accumulator of output pixel (2, 2): all nine taps lie inside the 5 x 5 input.
    private static long Accumulate(ConvLayer conv, sbyte[] weights, Tensor input, int[] codes, int channel)
    {
        long sum = conv.Bias[channel];
        for (int ky = 0; ky < 3; ky++)
        {
            for (int i = 0; i < 9; i++)
            {
                sum += weights[(channel * 27) + (ky * 9) + i] * (codes[((1 + ky) * 15) + 3 + i] - input.ZeroPoint);
            }
        }

        return sum;
    }
}
