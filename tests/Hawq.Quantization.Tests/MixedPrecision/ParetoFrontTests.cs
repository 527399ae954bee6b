using Hawq.Model;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Hawq.Quantization.Tests.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.MixedPrecision;

public class ParetoFrontTests
{
    private static readonly ParetoFront s_front = ParetoFront.Solve(
        TinyNetwork.Graph, SensitivityAnalysis.Run(TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 48), new SensitivityOptions { Effort = Effort.Fast }),
        new MixedPrecisionOptions { First = null, Last = null }, CostNames.Bops, 5, "key");

    [Fact]
    public void The_front_runs_from_the_narrowest_to_the_widest_network_and_has_the_uniform_ones()
    {
        Assert.Equal(new LayerBits(4, 4), s_front.Points[0].Uniform);
        Assert.Equal(LayerBits.Eight, s_front.Points[^1].Uniform);
        Assert.Contains(s_front.Points, point => point.Uniform == new LayerBits(4, 8));
        Assert.Equal(s_front.Points.Select(point => point.Cost), s_front.Points.Select(point => point.Cost).Order());
        Assert.Equal(s_front.Points.Count, s_front.Points.Select(point => point.Bits).Distinct().Count());
    }

    [Fact]
    public void A_written_front_reads_back_the_same()
    {
        ParetoFront measured = s_front with { Points = s_front.Points.Select(point => point with { Measured = new EvaluationResult(10, 90, null, 20.5, 0.01, 91) }).ToEquatableArray() };

        Assert.Equal(measured, ParetoFront.Parse(measured.Serialize(), "p.json"));
    }

    [Fact]
    public void Measurements_of_a_stopped_run_are_taken_over_only_under_the_same_key()
    {
        EvaluationResult result = new(10, 90, null, 20.5, 0.01, 91);
        ParetoFront earlier = s_front with { Points = s_front.Points.Take(1).Select(point => point with { Measured = result }).ToEquatableArray() };

        Assert.Equal([result, null], s_front.Continue(earlier).Points.Take(2).Select(point => point.Measured));
        Assert.Equal(s_front, s_front.Continue(earlier with { Key = "other" }));
    }
}
