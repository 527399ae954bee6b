using Hawq.Quantization.Search;

namespace Hawq.Cli.Reports;

/// <summary>What <c>hawq solve</c> prints; also the shape of its JSON.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Layers">Names of the layers, in the order of the bits.</param>
/// <param name="Solutions">One per budget of the instance.</param>
internal sealed record SolveReport(string Network, IReadOnlyList<string> Layers, IReadOnlyList<SolvedBudget> Solutions)
{
    /// <summary>Solves every budget of an instance.</summary>
    /// <exception cref="Model.HawqException">A budget cannot be met.</exception>
    public static SolveReport Of(SearchInstance instance, CancellationToken cancellation)
    {
        List<SolvedBudget> solutions = [];
        foreach (InstanceBudget budget in instance.Budgets)
        {
            cancellation.ThrowIfCancellationRequested();
            BitSearchSolution solution = BitSearch.Solve(instance.Problem(budget));
            string bits = string.Concat(solution.Best.Bits.Select(option => option.Weights));
            solutions.Add(new SolvedBudget(
                budget.Cost, budget.Alpha, solution.Budgets[0].Limit, solution.Budgets[0].Used, bits, solution.Best.Objective, solution.GapToSecond,
                budget.ExpectedBits is string expected ? expected == bits : null));
        }

        return new SolveReport(instance.Network, [.. instance.Layers.Select(layer => layer.Name)], solutions);
    }
}

/// <summary>The optimum of one budget.</summary>
/// <param name="Constraint"><c>size</c>, <c>bops</c> or <c>lat</c>.</param>
/// <param name="Alpha">As given.</param>
/// <param name="Limit">The bound, alpha resolved.</param>
/// <param name="Used">What the optimum costs.</param>
/// <param name="Bits">A digit per layer.</param>
/// <param name="Objective">Sum of trace times perturbation.</param>
/// <param name="GapToSecond">How much worse the second best assignment is.</param>
/// <param name="AsExpected">Whether the bits are those that the instance lists, where it lists any.</param>
internal sealed record SolvedBudget(
    string Constraint, decimal? Alpha, decimal Limit, decimal Used, string Bits, double Objective, double? GapToSecond, bool? AsExpected);
