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
