using Hawq.Model;
using Hawq.Quantization.Lowering;
using static System.FormattableString;

namespace Hawq.Quantization.Search;

/// <summary>Refuses a <see cref="BitSearchProblem"/> that is wrong in itself, before any solving.</summary>
internal static class BitSearchChecks
{
    public static void Check(BitSearchProblem problem)
    {
        Require(problem.Layers.Count > 0, "There is no layer to choose bits for.");
        Require(problem.Costs.Distinct().Count() == problem.Costs.Count, "A cost is named twice.");
        HashSet<string> names = [];
        foreach (SearchLayer layer in problem.Layers)
        {
            Require(names.Add(layer.Name), $"The layer name '{layer.Name}' is used twice.");
            Require(layer.Options.Count > 0, $"Layer '{layer.Name}' has no option.");
            Require(
                layer.Options.Select(option => option.Bits).Distinct().Count() == layer.Options.Count, $"Layer '{layer.Name}' has an option twice.");
            Require(
                layer.Forced is not LayerBits forced || SearchModel.IndexOf(layer, forced) >= 0,
                $"Layer '{layer.Name}' cannot be set to {layer.Forced}: its options are {List(layer)}.");
            foreach (LayerOption option in layer.Options)
            {
                string where = $"Layer '{layer.Name}' at {option.Bits}";
                Require(double.IsFinite(option.Objective), Invariant($"{where} has the objective {option.Objective}; it must be a finite number."));
                Require(option.Costs.Count == problem.Costs.Count, $"{where} has {option.Costs.Count} costs instead of {problem.Costs.Count}.");
                for (int c = 0; c < option.Costs.Count; c++)
                {
                    Require(option.Costs[c] is >= 0 and <= 1e18m, Invariant($"{where} has the {problem.Costs[c]} {option.Costs[c]}; it must lie in [0, 1e18]."));
                }
            }
        }

        foreach (Budget budget in problem.Budgets)
        {
            Require(
                problem.Costs.Contains(budget.Cost),
                $"The budget '{budget}' names an unknown cost; the costs are {string.Join(", ", problem.Costs)}.");
            Require(!budget.IsAlpha || budget.Value is >= 0 and <= 1, $"The budget '{budget}' needs an alpha between 0 and 1.");
        }

        foreach (LayerTie tie in problem.Ties)
        {
            Require(
                tie.Layers.Count > 1 && tie.Layers.All(layer => layer >= 0 && layer < problem.Layers.Count),
                $"A tie must name two or more layers by index, from 0 to {problem.Layers.Count - 1}.");
        }
    }

    /// <summary>The options of a layer, for a message.</summary>
    public static string List(SearchLayer layer) => string.Join(", ", layer.Options.Select(option => option.Bits));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new HawqException(HawqIds.BitSearch, message);
        }
    }
}
