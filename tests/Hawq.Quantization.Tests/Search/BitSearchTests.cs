using CsCheck;
using Hawq.Model;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;
using Xunit;

namespace Hawq.Quantization.Tests.Search;

public class BitSearchTests
{
    [Fact]
    public void Finds_what_brute_force_finds_and_breaks_ties_as_documented() =>
        SearchProblems.Random.Sample(
            problem =>
            {
                List<(LayerBits[] Bits, double Objective)> expected = SearchProblems.BruteForce(problem);
                if (expected.Count == 0)
                {
                    Assert.Equal(HawqIds.BitBudget, Assert.Throws<HawqException>(() => BitSearch.Solve(problem)).Id);
                    return;
                }

                BitSearchSolution solution = BitSearch.Solve(problem, 3);
                Assert.Equal(Math.Min(3, expected.Count), solution.Candidates.Count);
                for (int k = 0; k < solution.Candidates.Count; k++)
                {
                    Assert.Equal(expected[k].Bits, solution.Candidates[k].Bits);
                    Assert.Equal(expected[k].Objective, solution.Candidates[k].Objective, 12);
                }
            },
            iter: 60, threads: 1);

    [Fact]
    public void A_gap_of_a_hundred_thousandth_decides()
    {
        // The published InceptionV3 and ResNet-50 instances are that close; an objective in whole thousandths would not see it.
        BitSearchProblem problem = new(
            EquatableArray.Of("size"),
            EquatableArray.Of(Layer("a", 0.50001, 1), Layer("b", 0.5, 1)),
            EquatableArray.Of(Budget.Absolute("size", 3)),
            EquatableArray.Of<LayerTie>());

        Assert.Equal([LayerBits.Eight, new LayerBits(4, 4)], BitSearch.Solve(problem).Best.Bits);

        static SearchLayer Layer(string name, double loss, decimal size) => new(name, EquatableArray.Of(
            new LayerOption(LayerBits.Eight, 0, EquatableArray.Of(2 * size)), new LayerOption(new LayerBits(4, 4), loss, EquatableArray.Of(size))));
    }

    [Fact]
    public void Ties_of_whole_options_hold()
    {
        BitSearchProblem problem = SearchProblems.Simple(3, Budget.Absolute("bops", 8)) with { Ties = EquatableArray.Of(new LayerTie(EquatableArray.Of(0, 2))) };

        BitSearchSolution solution = BitSearch.Solve(problem);

        Assert.Equal(solution.Best.Bits[0], solution.Best.Bits[2]);
    }

    [Fact]
    public void Ties_of_activations_leave_the_weights_free()
    {
        // 8/8 + 4/8 costs 6 and shares 8-bit activations; 8/8 + 4/4 costs 5 and does not.
        BitSearchProblem problem = SearchProblems.Simple(2, Budget.Absolute("bops", 6))
            with { Ties = EquatableArray.Of(new LayerTie(EquatableArray.Of(0, 1), ActivationsOnly: true)) };

        Assert.Equal([LayerBits.Eight, new LayerBits(4, 8)], BitSearch.Solve(problem).Best.Bits);
        Assert.Equal([new LayerBits(4, 8), new LayerBits(4, 8)], BitSearch.Solve(problem with { Budgets = EquatableArray.Of(Budget.Absolute("bops", 5)) }).Best.Bits);
    }

    [Fact]
    public void Forced_options_hold_and_count_in_both_extremes_of_alpha()
    {
        BitSearchProblem problem = SearchProblems.Simple(3, Budget.Between("bops", 0));
        problem = problem with { Layers = problem.Layers.Select((layer, i) => i == 0 ? layer with { Forced = LayerBits.Eight } : layer).ToEquatableArray() };

        BitSearchSolution solution = BitSearch.Solve(problem);

        Assert.Equal([LayerBits.Eight, new LayerBits(4, 4), new LayerBits(4, 4)], solution.Best.Bits);
        Assert.Equal(6, solution.Budgets[0].Limit);
        Assert.Equal(6, solution.Budgets[0].Used);
    }

    [Fact]
    public void Several_budgets_hold_at_once()
    {
        BitSearchProblem problem = new(
            EquatableArray.Of("size", "latency"),
            EquatableArray.Of(Layer("a", 1, 10), Layer("b", 10, 1)),
            EquatableArray.Of(Budget.Absolute("size", 15), Budget.Absolute("latency", 15)),
            EquatableArray.Of<LayerTie>());

        // Either budget alone leaves one layer wide; both together leave none.
        Assert.Equal([new LayerBits(4, 4), new LayerBits(4, 4)], BitSearch.Solve(problem).Best.Bits);

        static SearchLayer Layer(string name, decimal size, decimal latency) => new(name, EquatableArray.Of(
            new LayerOption(LayerBits.Eight, 0, EquatableArray.Of(2 * size, 2 * latency)),
            new LayerOption(new LayerBits(4, 4), 1, EquatableArray.Of(size, latency))));
    }

    [Fact]
    public void A_third_of_a_decimal_budget_is_met_exactly()
    {
        // Three tenths: in binary floating point 0.1 + 0.1 + 0.1 > 0.3.
        BitSearchProblem problem = new(
            EquatableArray.Of("latency"),
            Enumerable.Range(0, 3).Select(i => new SearchLayer($"conv{i}", EquatableArray.Of(
                new LayerOption(LayerBits.Eight, 0, EquatableArray.Of(0.1m)), new LayerOption(new LayerBits(4, 4), 1, EquatableArray.Of(0.05m))))).ToEquatableArray(),
            EquatableArray.Of(Budget.Absolute("latency", 0.3m)), EquatableArray.Of<LayerTie>());

        Assert.Equal(0.3m, BitSearch.Solve(problem).Budgets[0].Used);
    }

    [Fact]
    public void Uniform_assignments_are_always_reported_with_whether_they_fit()
    {
        BitSearchSolution solution = BitSearch.Solve(SearchProblems.Simple(3, Budget.Absolute("bops", 6)));

        Assert.Equal(
            [(LayerBits.Eight, false, 12m), (new LayerBits(4, 8), true, 6m), (new LayerBits(4, 4), true, 3m)],
            solution.Uniform.Select(candidate => (candidate.Option, candidate.Fits, candidate.Assignment.Costs[0])));
    }

    [Fact]
    public void Two_runs_agree() =>
        Assert.Equal(BitSearch.Solve(Large()), BitSearch.Solve(Large()));

    [Fact]
    public void A_hundred_layers_are_solved()
    {
        BitSearchSolution solution = BitSearch.Solve(Large());

        Assert.Equal(100, solution.Best.Bits.Count);
        Assert.True(solution.Budgets.All(use => use.Used <= use.Limit));
    }

    [Fact]
    public void A_budget_that_cannot_be_met_is_explained_with_the_amount()
    {
        BitSearchProblem problem = SearchProblems.Simple(3, Budget.Absolute("bops", 5));
        problem = problem with { Layers = problem.Layers.Select((layer, i) => i == 0 ? layer with { Forced = LayerBits.Eight } : layer).ToEquatableArray() };

        HawqException error = Assert.Throws<HawqException>(() => BitSearch.Solve(problem));

        Assert.Equal(HawqIds.BitBudget, error.Id);
        Assert.Contains("the bops budget is 5, but the least possible is 6 (with conv0 at 8/8): 1 too much", error.Message);
    }

    [Fact]
    public void Budgets_that_exclude_one_another_are_explained()
    {
        BitSearchProblem problem = new(
            EquatableArray.Of("size", "latency"),
            EquatableArray.Of(new SearchLayer("a", EquatableArray.Of(
                new LayerOption(LayerBits.Eight, 0, EquatableArray.Of(8m, 1m)), new LayerOption(new LayerBits(4, 4), 1, EquatableArray.Of(4m, 3m))))),
            EquatableArray.Of(Budget.Absolute("size", 5), Budget.Absolute("latency", 2)),
            EquatableArray.Of<LayerTie>());

        HawqException error = Assert.Throws<HawqException>(() => BitSearch.Solve(problem));

        Assert.Contains("with the other budgets kept, size must be at least 8 instead of 5 (3 more)", error.Message);
        Assert.Contains("with the other budgets kept, latency must be at least 3 instead of 2 (1 more)", error.Message);
    }

    [Fact]
    public void Forced_bits_that_contradict_a_tie_are_explained()
    {
        BitSearchProblem problem = SearchProblems.Simple(2) with { Ties = EquatableArray.Of(new LayerTie(EquatableArray.Of(0, 1))) };
        problem = problem with
        {
            Layers = problem.Layers.Select((layer, i) => layer with { Forced = i == 0 ? LayerBits.Eight : new LayerBits(4, 4) }).ToEquatableArray(),
        };

        Assert.Contains("conv0 (8/8) = conv1 (4/4)", Assert.Throws<HawqException>(() => BitSearch.Solve(problem)).Message);
    }

    [Theory]
    [InlineData("energy", 0.5, true, "unknown cost")]
    [InlineData("bops", 1.5, true, "alpha between 0 and 1")]
    public void A_budget_that_makes_no_sense_is_refused(string cost, double value, bool alpha, string message)
    {
        HawqException error = Assert.Throws<HawqException>(() => BitSearch.Solve(SearchProblems.Simple(2, new Budget(cost, (decimal)value, alpha))));

        Assert.Equal(HawqIds.BitSearch, error.Id);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void Forcing_an_option_that_a_layer_lacks_is_refused()
    {
        BitSearchProblem problem = SearchProblems.Simple(1);
        problem = problem with { Layers = EquatableArray.Of(problem.Layers[0] with { Forced = new LayerBits(2, 8) }) };

        Assert.Contains("'conv0' cannot be set to 2/8: its options are 8/8, 4/8, 4/4", Assert.Throws<HawqException>(() => BitSearch.Solve(problem)).Message);
    }

    private static BitSearchProblem Large()
    {
        Random random = new(7);
        return new BitSearchProblem(
            EquatableArray.Of("bops", "latency"),
            Enumerable.Range(0, 100).Select(i =>
            {
                decimal macs = random.Next(1_000, 100_000_000);
                double sensitivity = Math.Exp(random.NextDouble() * 8) / 1e5;
                return new SearchLayer($"conv{i}", EquatableArray.Of(
                    new LayerOption(LayerBits.Eight, sensitivity / 50, EquatableArray.Of(64 * macs, random.Next(900, 1100))),
                    new LayerOption(new LayerBits(4, 8), sensitivity, EquatableArray.Of(32 * macs, random.Next(700, 1000))),
                    new LayerOption(new LayerBits(4, 4), sensitivity * 4, EquatableArray.Of(16 * macs, random.Next(400, 700)))));
            }).ToEquatableArray(),
            EquatableArray.Of(Budget.Between("bops", 0.4m), Budget.Between("latency", 0.5m)),
            Enumerable.Range(0, 10).Select(i => new LayerTie(EquatableArray.Of(10 * i, (10 * i) + 3), ActivationsOnly: true)).ToEquatableArray());
    }
}
