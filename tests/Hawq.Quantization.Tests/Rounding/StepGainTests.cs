using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;
using Hawq.Quantization.Rounding;
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
    public void A_step_changes_the_error_by_what_the_samples_say()
    {
        const int Size = 5, Samples = 400, Rows = 2;
        const double Step = 0.25, Damping = 0.3;
        Random random = new(3);
        double[][] x = [.. Enumerable.Range(0, Samples).Select(_ => Enumerable.Range(0, Size).Select(_ => (double)random.Next(-8, 8)).ToArray())];

        // What the float weights miss hangs on the input: the refit would repair it.
        double[][] e = [.. x.Select(v => new[] { (0.2 * v[0]) + random.NextDouble(), (-0.1 * v[3]) + random.NextDouble() })];
        int stride = MicroKernel.Pad(Size);
        float[] weights = new float[Rows * stride], codes = new float[Rows * stride], covariance = new float[stride * stride];
        double[] cross = new double[Rows * stride], scales = [0.5, 0.25];
        for (int k = 0; k < Size; k++)
        {
            for (int j = 0; j < Size; j++)
            {
                covariance[(k * stride) + j] = (float)Covariance(x.Select(v => v[k]), x.Select(v => v[j]));
            }

            for (int row = 0; row < Rows; row++)
            {
                cross[(row * stride) + k] = Covariance(e.Select(v => v[row]), x.Select(v => v[k]));
                weights[(row * stride) + k] = (float)((random.NextDouble() * 4) - 2);
                codes[(row * stride) + k] = (float)Math.Round(weights[(row * stride) + k] / scales[row]);
            }
        }

        InputStatistics statistics = new(Size, stride, covariance, cross);
        RoundingPath path = new(weights, statistics, new QuadraticForm(statistics.Damped(Damping), Size, stride), Damping, Step);
        path.Add("nearest", codes, scales);

        double expected = 0;
        for (int row = 0; row < Rows; row++)
        {
            double[] Errors(bool rounded) => [.. x.Select((v, n) => e[n][row] - (rounded
                ? v.Select((value, k) => Step * value * ((codes[(row * stride) + k] * scales[row]) - weights[(row * stride) + k])).Sum()
                : 0))];
            expected += Covariance(Errors(true), Errors(true)) - Covariance(Errors(false), Errors(false));
        }

        Assert.Equal(expected, path.Steps.Single().Change, 1e-3 * Math.Abs(expected));

        static double Covariance(IEnumerable<double> a, IEnumerable<double> b) => a.Zip(b).Average(pair => pair.First * pair.Second) - (a.Average() * b.Average());
    }

    [Fact]
    public void A_report_is_one_line() =>
        Assert.Equal("conv1 4/8: 24.1 dB (refit +1.0, bias -0.3)", new LayerReport("conv1", new LayerBits(4, 8), 24.06, 1, [new("refit", 1.04), new("bias", -.26)]).ToString());

    private static LayerReport First(string bits, RecipeOptions recipe) => Quantizer.Quantize(
        TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 200),
        new QuantizerOptions { Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits)) { First = null }), Recipe = recipe }, "t.hawq.bin").Layers[0];
}
