using Hawq.Model;
using Hawq.Quantization.Search;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>
/// Random assignments that use up a budget: what a search must beat, and on what the prediction of a sensitivity metric can be checked.
/// </summary>
public static class RandomAssignments
{
    /// <summary>Draws assignments: random options, then random layers are narrowed until the budget holds, then random layers widened while it still does.</summary>
    /// <param name="problem">The program; its first budget is the one to use up, the others are kept to.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the draw.</param>
    public static IReadOnlyList<SearchAssignment> Draw(BitSearchProblem problem, int count, int seed)
    {
        Random random = new(seed);
        int[][] groups = Groups(problem);
        decimal[] limits = [.. problem.Budgets.Select(budget => BitSearch.Limit(problem, budget))];
        int[] costs = [.. problem.Budgets.Select(budget => problem.Costs.ToList().IndexOf(budget.Cost))];
        List<SearchAssignment> drawn = [];
        while (drawn.Count < count)
        {
            int[] options = new int[problem.Layers.Count];
            foreach (int[] group in groups)
            {
                Set(options, group, random.Next(problem.Layers[group[0]].Options.Count));
            }

            while (!Fits(options) && groups.Any(group => CanMove(options, group, 1)))
            {
                Move(options, Pick(options, 1), 1);
            }

            while (true)
            {
                int[][] wider = [.. groups.Where(group => CanMove(options, group, -1) && FitsAfter(options, group, -1))];
                if (wider.Length == 0)
                {
                    break;
                }

                Move(options, wider[random.Next(wider.Length)], -1);
            }

            drawn.Add(BitSearch.Evaluate(problem, [.. options.Select((option, layer) => problem.Layers[layer].Options[option].Bits)]));
        }

        return drawn;

        int[] Pick(int[] options, int step)
        {
            int[][] movable = [.. groups.Where(group => CanMove(options, group, step))];
            return movable[random.Next(movable.Length)];
        }

        bool CanMove(int[] options, int[] group, int step) => group.All(layer => options[layer] + step >= 0 && options[layer] + step < problem.Layers[layer].Options.Count);

        bool Fits(int[] options) => costs.Select((cost, b) =>
            options.Select((option, layer) => problem.Layers[layer].Options[option].Costs[cost]).Sum() <= limits[b]).All(within => within);

        bool FitsAfter(int[] options, int[] group, int step)
        {
            int[] moved = [.. options];
            Move(moved, group, step);
            return Fits(moved);
        }
    }

    /// <summary>Spearman's rank correlation.</summary>
    public static double RankCorrelation(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double[] x = Ranks(a), y = Ranks(b);
        double mean = (a.Count - 1) / 2.0, covariance = 0, squaresX = 0, squaresY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            covariance += (x[i] - mean) * (y[i] - mean);
            squaresX += (x[i] - mean) * (x[i] - mean);
            squaresY += (y[i] - mean) * (y[i] - mean);
        }

        return squaresX > 0 && squaresY > 0 ? covariance / Math.Sqrt(squaresX * squaresY) : 0;
    }

    /// <summary>Ranks from 0; equal values share the mean of their ranks.</summary>
    private static double[] Ranks(IReadOnlyList<double> values) =>
        [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) - 1) / 2.0))];

    /// <summary>Layers that move together: tied ones.</summary>
    private static int[][] Groups(BitSearchProblem problem)
    {
        int[] leader = [.. Enumerable.Range(0, problem.Layers.Count)];
        foreach (LayerTie tie in problem.Ties)
        {
            int to = leader[tie.Layers[0]];
            int[] from = [.. tie.Layers.Select(layer => leader[layer])];
            leader = [.. leader.Select(l => from.Contains(l) ? to : l)];
        }

        return [.. Enumerable.Range(0, leader.Length).GroupBy(layer => leader[layer]).Select(group => group.ToArray())];
    }

    private static void Set(int[] options, int[] group, int option) => Array.ForEach(group, layer => options[layer] = option);

    private static void Move(int[] options, int[] group, int step) => Array.ForEach(group, layer => options[layer] += step);
}
