using CsCheck;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;
using Hawq.Quantization.Rounding;
using Xunit;

namespace Hawq.Quantization.Tests.Rounding;

public sealed class CodeRoundingTests
{
    private const int Limit = 7;
    private static readonly CodeGrid s_grid = new(Limit);

    private static readonly Gen<Problem> s_problems = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 5], Gen.Int, Problem.Create);

    [Fact]
    public void The_upper_factor_times_its_transpose_is_the_matrix() => s_problems.Sample(problem =>
    {
        int[] order = [.. Enumerable.Range(0, problem.Size).Reverse()];
        float[] r = LinearAlgebra.UpperFactor(problem.Form, order);
        int stride = problem.Form.Stride;
        for (int i = 0; i < problem.Size; i++)
        {
            for (int j = 0; j < problem.Size; j++)
            {
                double sum = Enumerable.Range(0, problem.Size).Sum(k => (double)r[(i * stride) + k] * r[(j * stride) + k]);
                Assert.Equal(problem.Form.Row(order[i])[order[j]], sum, 1e-3 * (1 + Math.Abs(sum)));
            }
        }
    }, iter: 50);

    [Fact]
    public void Coordinate_descent_never_raises_the_loss_and_ends_where_no_single_code_can_lower_it() => s_problems.Sample(problem =>
    {
        float[] nearest = CodeRounding.Nearest(problem.Weights, s_grid);
        float[] codes = CodeRounding.CoordinateDescent(problem.Weights, s_grid, problem.Form, nearest, 1000);
        Assert.True(problem.Loss(codes) <= problem.Loss(nearest) + 1e-5);
        Assert.All(codes, c => Assert.InRange(c, -Limit, Limit));
        for (int i = 0; i < problem.Weights.Length; i++)
        {
            foreach (float step in (float[])[-1, 1])
            {
                float[] changed = (float[])codes.Clone();
                changed[i] = Math.Clamp(changed[i] + step, -Limit, Limit);
                Assert.True(i % problem.Form.Stride >= problem.Size || problem.Loss(changed) >= problem.Loss(codes) - 1e-4);
            }
        }
    }, iter: 50);

    [Fact]
    public void Error_feedback_beats_nearest_rounding_when_inputs_are_correlated()
    {
        double nearest = 0, feedback = 0, descent = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            Problem problem = Problem.Create(60, 8, seed);
            float[] codes = CodeRounding.ErrorFeedback(problem.Weights, s_grid, problem.Form);
            nearest += problem.Loss(CodeRounding.Nearest(problem.Weights, s_grid));
            feedback += problem.Loss(codes);
            descent += problem.Loss(CodeRounding.CoordinateDescent(problem.Weights, s_grid, problem.Form, codes, 20));
        }

        Assert.True(feedback < .7 * nearest, $"{feedback} against {nearest}");
        Assert.True(descent < feedback);
    }

    [Fact]
    public void Error_feedback_is_optimal_up_to_ties_when_inputs_are_independent()
    {
        Problem problem = Problem.Diagonal(12, 3, 5);
        Assert.Equal(CodeRounding.Nearest(problem.Weights, s_grid), CodeRounding.ErrorFeedback(problem.Weights, s_grid, problem.Form));
    }

    [Fact]
    public void Mean_field_is_never_worse_than_nearest_and_close_to_the_best_of_all_roundings()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            Problem problem = Problem.Create(8, 2, seed);
            float[] codes = new ProximalMeanField().Round(problem.Weights, s_grid, problem.Form);
            double best = problem.BestFloorOrCeiling(Limit);
            Assert.True(problem.Loss(codes) <= problem.Loss(CodeRounding.Nearest(problem.Weights, s_grid)) + 1e-5);
            Assert.InRange(problem.Loss(codes), best - 1e-4, (1.5 * best) + 1e-4);
        }
    }

    [Fact]
    public void Mean_field_chooses_between_the_two_neighbours_and_repeats_to_the_last_bit() => s_problems.Sample(problem =>
    {
        float[] codes = new ProximalMeanField { Steps = 200 }.Round(problem.Weights, s_grid, problem.Form);

        Assert.All(problem.Real(codes).Zip(problem.Real(problem.Weights)), pair => Assert.InRange(pair.First - s_grid.Below(pair.Second), 0, 1));
        Assert.Equal(codes, new ProximalMeanField { Steps = 200 }.Round(problem.Weights, s_grid, problem.Form));
    }, iter: 20);

    [Fact]
    public void Mean_field_of_independent_inputs_is_nearest_rounding() => s_problems.Sample(
        problem => Assert.Equal(CodeRounding.Nearest(problem.Weights, s_grid), new ProximalMeanField().Round(problem.Weights, s_grid, problem.Form.Identity())), iter: 10);

    [Fact]
    public void Conjugate_gradients_agree_with_the_factorization() => s_problems.Sample(problem =>
    {
        double[] rows = [.. problem.Weights.Select(w => (double)w)];
        double[] exact = LinearAlgebra.Solve(problem.Ridge, rows), iterated = LinearAlgebra.SolveByConjugateGradients(problem.Ridge, rows);
        double size = Math.Sqrt(exact.Sum(v => v * v)), error = Math.Sqrt(exact.Zip(iterated).Sum(p => Math.Pow(p.First - p.Second, 2)));
        Assert.InRange(error, 0, .02 * size);
    }, iter: 50);

    [Fact]
    public void The_recipe_is_never_worse_than_nearest_rounding_under_the_same_loss() => Gen.Select(s_problems, Gen.Int[0, 3].Select(i => CodeGrid.Of(new LayerBits(1 << i, 8)))).Sample((problem, grid) =>
    {
        InputStatistics statistics = new(problem.Size, problem.Form.Stride, problem.Form.Matrix, []);
        RoundedRows rows = new SecondOrderRounder(new RecipeOptions()).Round(problem.Weights, grid, statistics, .1);
        Assert.True(rows.Loss <= (rows.NearestLoss * 1.0001) + 1e-9, $"{rows.Loss} > {rows.NearestLoss}");
    }, iter: 100);

    [Fact]
    public void Binary_codes_are_minus_one_or_one_however_they_are_found() => s_problems.Sample(problem =>
    {
        CodeGrid grid = CodeGrid.Of(new LayerBits(1, 8));
        float[] weights = Array.ConvertAll(problem.Weights, w => w / 4);
        float[] nearest = CodeRounding.Nearest(weights, grid), feedback = CodeRounding.ErrorFeedback(weights, grid, problem.Form);
        float[] descent = CodeRounding.CoordinateDescent(weights, grid, problem.Form, feedback, 20), field = new ProximalMeanField { Steps = 200 }.Round(weights, grid, problem.Form);
        foreach (float[] codes in new[] { nearest, feedback, descent, field })
        {
            Assert.All(problem.Real(codes), code => Assert.True(code is -1 or 1, $"{code}"));
            Assert.True(problem.Form.Loss(descent, weights).Sum() <= problem.Form.Loss(feedback, weights).Sum() + 1e-3);
        }
    }, iter: 30);

    [Fact]
    public void A_row_that_must_hold_is_lowered_until_it_does_and_the_others_stay() => s_problems.Sample(problem =>
    {
        InputStatistics statistics = new(problem.Size, problem.Form.Stride, problem.Form.Matrix, []);
        SecondOrderRounder rounder = new(new RecipeOptions());
        static float Sum(ReadOnlyMemory<float> row) => row.ToArray().Sum(Math.Abs);
        RoundedRows free = rounder.Round(problem.Weights, s_grid, statistics, .1);
        float budget = problem.Rows(free.Codes).Select(row => Sum(row)).Average();
        RoundedRows kept = rounder.Round(problem.Weights, s_grid, statistics, .1, row => Sum(row) <= budget);
        foreach ((float[] before, float[] after) in problem.Rows(free.Codes).Zip(problem.Rows(kept.Codes)))
        {
            Assert.True(Sum(after) <= budget);
            if (Sum(before) <= budget)
            {
                Assert.Equal(before, after);
            }
        }
    }, iter: 30);

    private sealed record Problem(int Size, float[] Weights, QuadraticForm Form, QuadraticForm Ridge)
    {
        /// <summary>Random weights, and the second moments of random correlated inputs.</summary>
        public static Problem Create(int size, int rows, int seed)
        {
            Random random = new(seed);
            double[] common = [.. Enumerable.Range(0, 200).Select(_ => random.NextDouble() - .5)];
            double[][] inputs = [.. Enumerable.Range(0, size).Select(_ => common.Select(c => (2 * c) + random.NextDouble() - .5).ToArray())];
            return Make(size, rows, random, (i, j) => inputs[i].Zip(inputs[j], (a, b) => a * b).Average() + (i == j ? .001 : 0));
        }

        public static Problem Diagonal(int size, int rows, int seed) => Make(size, rows, new Random(seed), (i, j) => i == j ? i + 1 : 0);

        /// <summary>Rows without their padding.</summary>
        public IEnumerable<float[]> Rows(float[] padded) => padded.Chunk(Form.Stride).Select(row => row[..Size]);

        public IEnumerable<float> Real(float[] padded) => Rows(padded).SelectMany(row => row);

        public double Loss(float[] codes) => Form.Loss(codes, Weights).Sum();

        public double BestFloorOrCeiling(int limit)
        {
            double total = 0;
            for (int row = 0; row < Weights.Length / Form.Stride; row++)
            {
                double best = double.PositiveInfinity;
                for (int choice = 0; choice < 1 << Size; choice++)
                {
                    float[] codes = (float[])Weights.Clone();
                    for (int k = 0; k < Size; k++)
                    {
                        int i = (row * Form.Stride) + k;
                        codes[i] = Math.Clamp(MathF.Floor(Weights[i]), -limit, limit - 1) + (choice >> k & 1);
                    }

                    best = Math.Min(best, Form.Loss(codes, Weights)[row]);
                }

                total += best;
            }

            return total;
        }

        private static Problem Make(int size, int rows, Random random, Func<int, int, double> moment)
        {
            int stride = MicroKernel.Pad(size);
            float[] matrix = new float[stride * stride], ridge = new float[stride * stride], weights = new float[rows * stride];
            for (int i = 0; i < size; i++)
            {
                for (int j = 0; j < size; j++)
                {
                    matrix[(i * stride) + j] = (float)moment(i, j);
                    ridge[(i * stride) + j] = (float)(moment(i, j) + (i == j ? .3 : 0));
                }
            }

            for (int row = 0; row < rows; row++)
            {
                for (int k = 0; k < size; k++)
                {
                    weights[(row * stride) + k] = (float)((random.NextDouble() - .5) * 14);
                }
            }

            return new Problem(size, weights, new QuadraticForm(matrix, size, stride), new QuadraticForm(ridge, size, stride));
        }
    }
}
