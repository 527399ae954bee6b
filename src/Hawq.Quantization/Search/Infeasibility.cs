using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>Says why no assignment fits: which budget, by how much, and what would be enough.</summary>
internal static class Infeasibility
{
    public static HawqException Explain(BitSearchProblem problem, decimal[] limits)
    {
        if (new SearchModel(problem).SolveForObjective() is null)
        {
            return new HawqException(
                HawqIds.BitBudget, "No assignment respects both the ties between layers and the forced options, whatever the budgets: "
                    + string.Join("; ", problem.Ties.Where(tie => tie.Layers.Any(layer => problem.Layers[layer].IsFixed)).Select(tie => Describe(problem, tie)))
                    + ". Force tied layers to the same bits.");
        }

        List<string> reasons = [];
        for (int b = 0; b < limits.Length; b++)
        {
            int cost = BitSearch.CostIndex(problem, problem.Budgets[b]);
            decimal least = Least(problem, [], cost)!.Value;
            if (least > limits[b])
            {
                string forced = problem.Layers.Any(layer => layer.Forced is not null)
                    ? $" (with {string.Join(", ", problem.Layers.Where(layer => layer.Forced is not null).Select(layer => $"{layer.Name} at {layer.Forced}"))})"
                    : "";
                reasons.Add(FormattableString.Invariant(
                    $"the {problem.Budgets[b].Cost} budget is {Number(limits[b])}, but the least possible is {Number(least)}{forced}: {Number(least - limits[b])} too much"));
            }
        }

        if (reasons.Count == 0)
        {
            // Each budget alone can be met: say what each would have to be if the others stay.
            for (int b = 0; b < limits.Length; b++)
            {
                int cost = BitSearch.CostIndex(problem, problem.Budgets[b]);
                (Budget Budget, decimal Limit)[] others = [.. problem.Budgets.Select((budget, i) => (budget, limits[i])).Where((_, i) => i != b)];
                reasons.Add(Least(problem, others, cost) is decimal least
                    ? FormattableString.Invariant(
                        $"with the other budgets kept, {problem.Budgets[b].Cost} must be at least {Number(least)} instead of {Number(limits[b])} ({Number(least - limits[b])} more)")
                    : FormattableString.Invariant($"the other budgets exclude one another whatever the {problem.Budgets[b].Cost} budget of {Number(limits[b])}"));
            }
        }

        return new HawqException(HawqIds.BitBudget, $"No assignment fits the budgets: {string.Join("; ", reasons)}. Raise the budget or free forced layers.");
    }

    private static decimal? Least(BitSearchProblem problem, (Budget Budget, decimal Limit)[] kept, int cost)
    {
        SearchModel model = new(problem);
        foreach ((Budget budget, decimal limit) in kept)
        {
            model.AddBudget(BitSearch.CostIndex(problem, budget), limit);
        }

        return model.SolveForCost(cost) is int[] assignment ? BitSearch.CostOf(problem, assignment, cost) : null;
    }

    private static string Describe(BitSearchProblem problem, LayerTie tie) =>
        string.Join(" = ", tie.Layers.Select(layer => problem.Layers[layer].Forced is LayerBits forced
            ? $"{problem.Layers[layer].Name} ({forced})"
            : problem.Layers[layer].Name));

    private static string Number(decimal value) => value.ToString("0.######", System.Globalization.CultureInfo.InvariantCulture);
}
