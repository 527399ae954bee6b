using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>The answer to a <see cref="BitSearchProblem"/>.</summary>
/// <param name="Candidates">The best assignments that fit every budget, best first; the first is the optimum. Fewer than were asked for
/// when no more exist.</param>
/// <param name="Budgets">How much of each budget the optimum uses, in the problem's order.</param>
/// <param name="Uniform">Every uniform assignment, whether or not it fits: always worth measuring (on ResNet-20, uniform 4/8, which
/// costs a third of the BOPS range, beat HAWQ-V3's own choice at half of it).</param>
public sealed record BitSearchSolution(
    EquatableArray<SearchAssignment> Candidates, EquatableArray<BudgetUse> Budgets, EquatableArray<UniformCandidate> Uniform)
{
    /// <summary>The optimum.</summary>
    public SearchAssignment Best => Candidates[0];

    /// <summary>Objective of the second best assignment minus that of the best: how firm the choice is. Null when only one was asked
    /// for or only one exists.</summary>
    public double? GapToSecond => Candidates.Count > 1 ? Candidates[1].Objective - Candidates[0].Objective : null;
}

/// <summary>An option per layer.</summary>
/// <param name="Bits">One per layer, in the problem's order.</param>
/// <param name="Objective">Sum of the layers' objectives.</param>
/// <param name="Costs">Sum per cost, in the problem's order.</param>
public sealed record SearchAssignment(EquatableArray<LayerBits> Bits, double Objective, EquatableArray<decimal> Costs);

/// <summary>One budget and what is used of it.</summary>
/// <param name="Budget">As given.</param>
/// <param name="Limit">The bound in the unit of the cost; alpha resolved.</param>
/// <param name="Used">What the optimum costs.</param>
public sealed record BudgetUse(Budget Budget, decimal Limit, decimal Used);

/// <summary>Every free layer at one option.</summary>
/// <param name="Option">The option.</param>
/// <param name="Assignment">The assignment, fixed layers included.</param>
/// <param name="Fits">Whether every budget and every tie holds.</param>
public sealed record UniformCandidate(LayerBits Option, SearchAssignment Assignment, bool Fits);
