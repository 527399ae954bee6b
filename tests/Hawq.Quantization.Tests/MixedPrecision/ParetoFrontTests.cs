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

    [Fact]
    public void Random_assignments_hold_the_budget_use_it_up_and_lose_to_the_optimum()
    {
        ParetoFront random = ParetoFront.DrawRandom(
            TinyNetwork.Graph, SensitivityAnalysis.Run(TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 48), new SensitivityOptions { Effort = Effort.Fast }),
            new MixedPrecisionOptions { First = null, Last = null }, CostNames.Bops, 0.5m, 10, "key");

        decimal limit = (16 + (0.5m * 48)) * 1200;
        Assert.Equal(11, random.Points.Count);
        Assert.All(random.Points, point => Assert.InRange(point.Cost, limit / 2, limit));
        Assert.All(random.Points, point => Assert.True(point.Objective >= random.Points[0].Objective));
    }

    [Fact]
    public void Rank_correlation_sees_order_only_and_shares_ranks_of_equals()
    {
        Assert.Equal(1, RandomAssignments.RankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000]), 12);
        Assert.Equal(-1, RandomAssignments.RankCorrelation([1, 2, 3], [3, 2, 1]), 12);
        Assert.Equal(Math.Sqrt(0.75), RandomAssignments.RankCorrelation([1, 1, 2], [1, 2, 3]), 12);
    }
}
