using Hawq.Training.Gradients;
using Xunit;

namespace Hawq.Training.Tests.Gradients;

/// <summary>Compares the gradients of a tape with central differences, element by element.</summary>
internal static class GradientCheck
{
    /// <summary>Checks d(sum of r * f) for random r with respect to every element of every input.</summary>
    /// <param name="function">Any values of the inputs.</param>
    /// <param name="inputs">Shape of every input.</param>
    /// <param name="step">Half of the distance of the difference quotient: large for functions that are linear in each input.</param>
    /// <param name="value">Makes an input's element from its number, so that kinks can be kept away from; null: uniform in [-1, 1].</param>
    /// <param name="tolerance">Of the difference, relative to 1 + |gradient|.</param>
    public static void Run(Func<Tape, TapeValue[], TapeValue> function, int[][] inputs, double step = 1e-2, Func<Random, double>? value = null, double tolerance = 4e-3)
    {
        Random random = new(5);
        value ??= r => (r.NextDouble() * 2) - 1;
        Tape tape = new();
        TapeValue[] x = [.. inputs.Select((dims, i) => tape.Input($"x{i}", dims))];
        TapeValue y = function(tape, x);
        float[] weights = [.. Enumerable.Range(0, y.Count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        TapeValue loss = tape.Sum(tape.Mul(y, tape.Constant(weights, [.. y.Dims])));
        IReadOnlyList<TapeValue> gradients = tape.Gradients(loss, x);
        using TapeSession session = new(tape, [y, .. gradients]);
        Dictionary<string, float[]> values = x.ToDictionary(v => v.Name, v => Enumerable.Range(0, v.Count).Select(_ => (float)value(random)).ToArray());
        float[][] results = session.Run(values);
        double Loss() => session.Run(values)[0].Zip(weights, (a, b) => (double)a * b).Sum();
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Contains(results[i + 1], g => g != 0);
            float[] elements = values[x[i].Name];
            for (int k = 0; k < elements.Length; k++)
            {
                float at = elements[k];
                elements[k] = (float)(at + step);
                double up = Loss(), distance = elements[k];
                elements[k] = (float)(at - step);
                double difference = (up - Loss()) / (distance - elements[k]);
                elements[k] = at;
                double gradient = results[i + 1][k];
                Assert.True(
                    Math.Abs(gradient - difference) <= tolerance * (1 + Math.Abs(difference)), $"input {i}, element {k}: gradient {gradient}, difference {difference}");
            }
        }
    }

    /// <summary>Numbers that are at least 0.05 from every multiple of 0.5, and apart from each other mostly.</summary>
    public static double AwayFromKinks(Random random) => ((random.Next(-4, 4) + .1 + (.8 * random.NextDouble())) / 2);
}
