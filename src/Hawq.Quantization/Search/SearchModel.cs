using Google.OrTools.Sat;
using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>
/// A <see cref="BitSearchProblem"/> as a CP-SAT model: one Boolean per layer and option, exactly one true per layer, ties as equalities,
/// budgets and objective as linear rows over integers (<see cref="IntegerScale"/>). For one answer: make a new one for the next.
/// </summary>
internal sealed class SearchModel
{
    /// <summary>
    /// One worker and a fixed seed: the same answer every time (CP-SAT is deterministic for one worker). The full linear relaxation,
    /// since these are knapsacks: 100 layers and two budgets take 0.1 s with it and do not end in 20 s at the default level 1.
    /// </summary>
    private const string Parameters = "num_workers:1 random_seed:0 linearization_level:2";

    /// <summary>Combinations that one tie-breaking objective may count; above it, the next layers get an objective of their own.</summary>
    private const long MaxRank = 1L << 40;

    private readonly BitSearchProblem _problem;
    private readonly CpModel _model = new();
    private readonly BoolVar[][] _choice;
    private readonly decimal[] _costScale;

    /// <summary>Variables, forced options and ties; no budget yet.</summary>
    public SearchModel(BitSearchProblem problem)
    {
        _problem = problem;
        _choice = [.. problem.Layers.Select((layer, i) => layer.Options.Select(option => _model.NewBoolVar($"{i}:{option.Bits}")).ToArray())];
        for (int i = 0; i < _choice.Length; i++)
        {
            _model.AddExactlyOne(_choice[i]);
            if (problem.Layers[i].Forced is LayerBits forced)
            {
                _model.Add(_choice[i][IndexOf(problem.Layers[i], forced)] == 1);
            }
        }

        foreach (LayerTie tie in problem.Ties)
        {
            AddTie(tie);
        }

        _costScale = [.. problem.Costs.Select((_, c) => IntegerScale.ForCost(
            problem.Layers.SelectMany(layer => layer.Options).Select(option => option.Costs[c]),
            problem.Layers.Sum(layer => layer.Options.Max(option => option.Costs[c]))))];
    }

    /// <summary>Bounds the sum of one cost.</summary>
    public void AddBudget(int cost, decimal limit) => _model.Add(Cost(cost) <= IntegerScale.Limit(limit, _costScale[cost]));

    /// <summary>Rules one assignment out.</summary>
    public void Exclude(int[] assignment) => _model.AddBoolOr(assignment.Select((option, layer) => _choice[layer][option].Not()));

    /// <summary>
    /// The assignment with the least objective; among equals (at the solver's resolution, 1e-12 of the objective's range) the one whose
    /// first layer takes the earlier option, then its second layer, and so on.
    /// </summary>
    /// <returns>Option index per layer, or null when nothing fits.</returns>
    public int[]? SolveForObjective()
    {
        LinearExpr objective = Objective(out long[][] coefficients);
        if (Minimize(objective) is not int[] best)
        {
            return null;
        }

        _model.Add(objective <= best.Select((option, layer) => coefficients[layer][option]).Sum());
        for (int first = 0; first < _choice.Length;)
        {
            // The layers [first, next) as one number whose digits are option indices.
            LinearExpr rank = LinearExpr.Constant(0);
            long combinations = 1;
            int next = first;
            for (; next < _choice.Length && combinations <= MaxRank / _choice[next].Length; next++)
            {
                combinations *= _choice[next].Length;
            }

            long weight = combinations;
            for (int i = first; i < next; i++)
            {
                weight /= _choice[i].Length;
                rank += LinearExpr.WeightedSum(_choice[i], Enumerable.Range(0, _choice[i].Length).Select(o => o * weight));
            }

            _model.ClearHints();
            for (int i = 0; i < _choice.Length; i++)
            {
                _model.AddHint(_choice[i][best[i]], true);
            }

            best = Minimize(rank)!; // never null: the assignment before is a solution
            for (int i = first; i < next; i++)
            {
                _model.Add(_choice[i][best[i]] == 1);
            }

            first = next;
        }

        return best;
    }

    /// <summary>The assignment with the least sum of one cost under everything added so far, or null when nothing fits at all.</summary>
    public int[]? SolveForCost(int cost) => Minimize(Cost(cost));

    /// <summary>The index of an option.</summary>
    public static int IndexOf(SearchLayer layer, LayerBits bits)
    {
        for (int o = 0; o < layer.Options.Count; o++)
        {
            if (layer.Options[o].Bits == bits)
            {
                return o;
            }
        }

        return -1;
    }

    private void AddTie(LayerTie tie)
    {
        int first = tie.Layers[0];
        foreach (int other in tie.Layers.Skip(1))
        {
            // A value that only one side has cannot be taken: its indicator on the other side is the empty sum, 0.
            foreach (object value in Values(first, tie).Concat(Values(other, tie)).Distinct())
            {
                _model.Add(Indicator(first, value, tie) == Indicator(other, value, tie));
            }
        }
    }

    private IEnumerable<object> Values(int layer, LayerTie tie) => _problem.Layers[layer].Options.Select(option => Value(option, tie));

    private LinearExpr Indicator(int layer, object value, LayerTie tie) =>
        LinearExpr.Sum(_choice[layer].Where((_, o) => Value(_problem.Layers[layer].Options[o], tie).Equals(value)));

    private static object Value(LayerOption option, LayerTie tie) => tie.ActivationsOnly ? option.Bits.Activations : option.Bits;

    private LinearExpr Cost(int cost) => Sum([.. _problem.Layers.Select(layer =>
        layer.Options.Select(option => IntegerScale.Cost(option.Costs[cost], _costScale[cost])).ToArray())]);

    private LinearExpr Objective(out long[][] coefficients)
    {
        double[] least = [.. _problem.Layers.Select(layer => layer.Options.Min(option => option.Objective))];
        double scale = IntegerScale.ForObjective(_problem.Layers.Select((layer, i) => layer.Options.Max(option => option.Objective) - least[i]).Sum());
        coefficients = [.. _problem.Layers.Select((layer, i) =>
            layer.Options.Select(option => (long)Math.Round((option.Objective - least[i]) * scale)).ToArray())];
        return Sum(coefficients);
    }

    private LinearExpr Sum(long[][] coefficients) => LinearExpr.WeightedSum(_choice.SelectMany(x => x), coefficients.SelectMany(x => x));

    private int[]? Minimize(LinearExpr expression)
    {
        _model.Minimize(expression);
        CpSolver solver = new() { StringParameters = Parameters };
        return solver.Solve(_model) switch
        {
            CpSolverStatus.Optimal => [.. _choice.Select(layer => Array.FindIndex(layer, solver.BooleanValue))],
            CpSolverStatus.Infeasible => null,
            CpSolverStatus status => throw new InvalidOperationException($"CP-SAT answered {status}: {_model.Validate()}"),
        };
    }
}
