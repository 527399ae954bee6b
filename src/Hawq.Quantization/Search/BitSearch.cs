using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>
/// Solves a <see cref="BitSearchProblem"/> exactly with CP-SAT (Google OR-Tools). Deterministic: one worker, a fixed seed, and among equal
/// objectives the assignment whose first layers take their earlier options.
/// </summary>
public static class BitSearch
{
    /// <summary>Finds the best assignments.</summary>
    /// <param name="problem">What to solve.</param>
    /// <param name="candidates">How many assignments to return, best first; at least 1.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.BitBudget"/>: no assignment fits; the message says which budget stands in the way
    /// and by how much. <see cref="HawqIds.BitSearch"/>: the problem itself is wrong.</exception>
    public static BitSearchSolution Solve(BitSearchProblem problem, int candidates = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        BitSearchChecks.Check(problem);
        decimal[] limits = [.. problem.Budgets.Select(budget => Limit(problem, budget))];
        List<int[]> found = [];
        while (found.Count < candidates)
        {
            SearchModel model = Model(problem, limits);
            foreach (int[] assignment in found)
            {
                model.Exclude(assignment);
            }

            if (model.SolveForObjective() is not int[] next)
            {
                break;
            }

            found.Add(next);
        }

        if (found.Count == 0)
        {
            throw Infeasibility.Explain(problem, limits);
        }

        SearchAssignment[] assignments = [.. found.Select(assignment => Assignment(problem, assignment))];
        return new BitSearchSolution(
            assignments,
            problem.Budgets.Select((budget, b) => new BudgetUse(budget, limits[b], assignments[0].Costs[CostIndex(problem, budget)])).ToEquatableArray(),
            Uniform(problem, limits).ToEquatableArray());
    }

    /// <summary>The bound of a budget in the unit of its cost: itself, or C4 + alpha * (C8 - C4).</summary>
    public static decimal Limit(BitSearchProblem problem, Budget budget)
    {
        if (!budget.IsAlpha)
        {
            return budget.Value;
        }

        int cost = CostIndex(problem, budget);
        decimal narrow = problem.Layers.Sum(layer => Extreme(layer, widest: false).Costs[cost]);
        decimal wide = problem.Layers.Sum(layer => Extreme(layer, widest: true).Costs[cost]);
        return narrow + (budget.Value * (wide - narrow));
    }

    /// <summary>Adds up what an assignment costs and what it is worth.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="bits">One of each layer's options, in the problem's order.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearch"/>: a layer does not have the option asked for.</exception>
    public static SearchAssignment Evaluate(BitSearchProblem problem, IReadOnlyList<LayerBits> bits) =>
        Assignment(problem, [.. problem.Layers.Select((layer, i) => SearchModel.IndexOf(layer, bits[i]) is >= 0 and int option
            ? option
            : throw new HawqException(HawqIds.BitSearch, $"Layer '{layer.Name}' has no option {bits[i]}; it has {BitSearchChecks.List(layer)}."))]);

    internal static SearchModel Model(BitSearchProblem problem, decimal[] limits)
    {
        SearchModel model = new(problem);
        for (int b = 0; b < limits.Length; b++)
        {
            model.AddBudget(CostIndex(problem, problem.Budgets[b]), limits[b]);
        }

        return model;
    }

    internal static int CostIndex(BitSearchProblem problem, Budget budget) => Array.IndexOf(problem.Costs.ToArray(), budget.Cost);

    internal static decimal CostOf(BitSearchProblem problem, int[] assignment, int cost) =>
        assignment.Select((option, layer) => problem.Layers[layer].Options[option].Costs[cost]).Sum();

    private static LayerOption Extreme(SearchLayer layer, bool widest)
    {
        IEnumerable<LayerOption> options = layer.Options.Where(option => layer.Forced is null || option.Bits == layer.Forced);
        IOrderedEnumerable<LayerOption> byWidth = options.OrderBy(option => option.Bits.Weights * option.Bits.Activations)
            .ThenBy(option => option.Bits.Weights).ThenBy(option => option.Bits.Window == 0 ? int.MaxValue : -option.Bits.Window);
        return widest ? byWidth.Last() : byWidth.First();
    }

    private static SearchAssignment Assignment(BitSearchProblem problem, int[] assignment) => new(
        assignment.Select((option, layer) => problem.Layers[layer].Options[option].Bits).ToEquatableArray(),
        assignment.Select((option, layer) => problem.Layers[layer].Options[option].Objective).Sum(),
        problem.Costs.Select((_, cost) => CostOf(problem, assignment, cost)).ToEquatableArray());

    private static IEnumerable<UniformCandidate> Uniform(BitSearchProblem problem, decimal[] limits)
    {
        IEnumerable<LayerBits> shared = problem.Layers.Where(layer => !layer.IsFixed).Select(layer => layer.Options.Select(option => option.Bits))
            .Aggregate((IEnumerable<LayerBits>?)null, (all, options) => all?.Intersect(options) ?? options) ?? [];
        foreach (LayerBits bits in shared)
        {
            int[] assignment = [.. problem.Layers.Select(layer =>
                layer.IsFixed ? layer.Forced is LayerBits forced ? SearchModel.IndexOf(layer, forced) : 0 : SearchModel.IndexOf(layer, bits))];
            bool fits = problem.Budgets.Select((budget, b) => CostOf(problem, assignment, CostIndex(problem, budget)) <= limits[b]).All(within => within)
                && problem.Ties.All(tie => Agree(problem, tie, assignment));
            yield return new UniformCandidate(bits, Assignment(problem, assignment), fits);
        }
    }

    private static bool Agree(BitSearchProblem problem, LayerTie tie, int[] assignment)
    {
        IEnumerable<LayerBits> bits = tie.Layers.Select(layer => problem.Layers[layer].Options[assignment[layer]].Bits);
        return (tie.ActivationsOnly ? bits.Select(option => option.Activations).Distinct().Count() : bits.Distinct().Count()) == 1;
    }
}
