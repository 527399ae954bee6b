using CsCheck;
using Hawq.Model;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;

namespace Hawq.Quantization.Tests.Search;

/// <summary>Problems for the tests: random ones, and brute force over all assignments.</summary>
internal static class SearchProblems
{
    private static readonly LayerBits[] s_options = [LayerBits.Eight, new LayerBits(4, 8), new LayerBits(4, 4)];

    /// <summary>2 to 10 layers, 1 to 3 options each, three costs with up to three decimals, 0 to 3 budgets, ties of both kinds.</summary>
    public static Gen<BitSearchProblem> Random { get; } =
        from layers in Layer.Array[2, 10]
        from budgets in Budget.Array[0, 3]
        from ties in Tie(layers.Length).Array[0, 2]
        select new BitSearchProblem(
            EquatableArray.Of("size", "bops", "latency"),
            layers.Select((options, i) => new SearchLayer($"l{i}", options)).ToEquatableArray(), budgets, ties);

    private static Gen<LayerOption[]> Layer =>
        from count in Gen.Int[1, 3]
        from coarse in Gen.Bool // coarse objectives make equal sums, which the tie-break decides
        from objective in Gen.Int[0, 1_000_000_000].Array[3]
        from cost in Gen.Int[0, 99_999].Array[9]
        select s_options.Take(count).Select((bits, o) => new LayerOption(
            bits, (coarse ? objective[o] / 250_000_000 * 250_000_000 : objective[o]) / 1e9, EquatableArray.Of<decimal>(cost[o], cost[o + 3] / 10, cost[o + 6] / 1000m)))
            .ToArray();

    private static Gen<Budget> Budget =>
        from cost in Gen.Int[0, 2].Select(i => new[] { "size", "bops", "latency" }[i])
        from alpha in Gen.Int[0, 100]
        select Quantization.Search.Budget.Between(cost, alpha / 100m);

    private static Gen<LayerTie> Tie(int layers) =>
        from first in Gen.Int[0, layers - 1]
        from second in Gen.Int[0, layers - 1]
        from activations in Gen.Bool
        where first != second
        select new LayerTie(EquatableArray.Of(first, second), activations);

    /// <summary>All assignments that fit, with exact sums, best first; equal objectives in the documented order.</summary>
    public static List<(LayerBits[] Bits, double Objective)> BruteForce(BitSearchProblem problem)
    {
        decimal[] limits = [.. problem.Budgets.Select(budget => BitSearch.Limit(problem, budget))];
        List<(int[] Options, double Objective)> all = [];
        int[] choice = new int[problem.Layers.Count];
        do
        {
            LayerOption[] chosen = [.. problem.Layers.Select((layer, i) => layer.Options[choice[i]])];
            bool fits = problem.Layers.Select((layer, i) => layer.Forced is null || layer.Forced == chosen[i].Bits).All(x => x)
                && problem.Budgets.Select((budget, b) => chosen.Sum(o => o.Costs[problem.Costs.ToList().IndexOf(budget.Cost)]) <= limits[b]).All(x => x)
                && problem.Ties.All(tie => tie.Layers.All(l => tie.ActivationsOnly
                    ? chosen[l].Bits.Activations == chosen[tie.Layers[0]].Bits.Activations
                    : chosen[l].Bits == chosen[tie.Layers[0]].Bits));
            if (fits)
            {
                all.Add(([.. choice], chosen.Sum(o => o.Objective)));
            }
        }
        while (Next(problem, choice));

        // Stable: enumeration is already in the order of preference.
        return [.. all.OrderBy(a => Math.Round(a.Objective, 9)).Select(a =>
            (a.Options.Select((o, i) => problem.Layers[i].Options[o].Bits).ToArray(), a.Objective))];
    }

    private static bool Next(BitSearchProblem problem, int[] choice)
    {
        for (int i = choice.Length - 1; i >= 0; i--)
        {
            if (++choice[i] < problem.Layers[i].Options.Count)
            {
                return true;
            }

            choice[i] = 0;
        }

        return false;
    }

    /// <summary>Layers of the three usual options with objectives 0, 1, 2 and costs 4, 2, 1.</summary>
    public static BitSearchProblem Simple(int layers, params Budget[] budgets) => new(
        EquatableArray.Of("bops"),
        Enumerable.Range(0, layers).Select(i => new SearchLayer($"conv{i}", EquatableArray.Of(
            new LayerOption(LayerBits.Eight, 0, EquatableArray.Of(4m)),
            new LayerOption(new LayerBits(4, 8), 1, EquatableArray.Of(2m)),
            new LayerOption(new LayerBits(4, 4), 2, EquatableArray.Of(1m))))).ToEquatableArray(),
        budgets, EquatableArray.Of<LayerTie>());
}
