using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;
using Hawq.Quantization.Tests.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.Rounding;

public class StepGainTests
{
    private static readonly RecipeOptions s_nearest =
        new() { Rounding = RoundingMethod.Nearest, Refit = false, Scaling = WeightScaling.Largest, ScaleRefits = 0, Correction = Correction.Mean };

    [Theory]
    [InlineData("4/8")]
    [InlineData("4/4")]
    [InlineData("8/8@24")]
    public void The_gains_of_the_steps_lead_from_nearest_rounding_to_the_result(string bits)
    {
        LayerReport steps = First(bits, new RecipeOptions()), nearest = First(bits.Split('@')[0], s_nearest);

        string[] names = bits.Contains('@') ? ["refit", "rounding", "scale fit", "int16 demand", "bias"] : ["refit", "scales", "rounding", "scale fit", "bias"];
        Assert.Equal(names, steps.Steps.Select(step => step.Step));
        Assert.Equal(steps.SqnrDb - nearest.SqnrDb, steps.Steps.SkipLast(1).Sum(step => step.GainDb), 0.05);
    }

    [Fact]
    public void The_gain_of_the_bias_is_what_keeping_the_float_bias_loses()
    {
        LayerReport corrected = First("4/8", s_nearest), kept = First("4/8", s_nearest with { Correction = Correction.None });

        Assert.Equal(["bias"], corrected.Steps.Select(step => step.Step));
        Assert.Empty(kept.Steps);
        Assert.Equal(corrected.SqnrDb - kept.SqnrDb, corrected.Steps[0].GainDb, 1e-9);
    }

    [Fact]
    public void A_report_is_one_line() =>
        Assert.Equal("conv1 4/8: 24.1 dB (refit +1.0, bias -0.3)", new LayerReport("conv1", new LayerBits(4, 8), 24.06, 1, [new("refit", 1.04), new("bias", -.26)]).ToString());

    private static LayerReport First(string bits, RecipeOptions recipe) => Quantizer.Quantize(
        TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 200),
        new QuantizerOptions { Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits)) { First = null }), Recipe = recipe }, "t.hawq.bin").Layers[0];
}
