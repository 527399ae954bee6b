using Hawq.Training.Optimization;
using Xunit;

namespace Hawq.Training.Tests.Optimization;

public sealed class OptimizerTests
{
    [Fact]
    public void Momentum_adds_up_gradients()
    {
        float[] w = [1, 2];
        SgdMomentum optimizer = new(.5);
        Step(optimizer, w, [1, -2], .1, 0);
        Assert.Equal([.9f, 2.2f], w);
        Step(optimizer, w, [1, 0], .1, 0);
        Assert.Equal([.75f, 2.3f], w);
    }

    [Fact]
    public void The_first_step_of_adam_has_the_size_of_the_rate()
    {
        float[] w = [1, 1, 1];
        Step(new Adam(), w, [1e-3f, -50, 0], .1, 0);
        Assert.Equal([.9f, 1.1f, 1f], w, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void Weight_decay_pulls_towards_zero()
    {
        float[] w = [2];
        Step(new SgdMomentum(), w, [0], .1, .5);
        Assert.Equal([1.9f], w);
    }

    [Fact]
    public void Adam_minimizes_a_badly_scaled_parabola()
    {
        float[] w = [3, -2];
        Adam optimizer = new();
        for (int i = 0; i < 600; i++)
        {
            Step(optimizer, w, [2000 * (w[0] - 1), .002f * (w[1] + 1)], LearningRate.Cosine(.05, i / 600.0), 0);
        }

        Assert.Equal([1f, -1f], w, (a, b) => Math.Abs(a - b) < .02);
    }

    [Fact]
    public void The_cosine_rises_and_falls()
    {
        Assert.Equal(.05, LearningRate.Cosine(.1, .05, .1), 6);
        Assert.Equal(.1, LearningRate.Cosine(.1, .1, .1), 6);
        Assert.Equal(.001, LearningRate.Cosine(.1, 1, .1), 6);
    }

    private static void Step(Optimizer optimizer, float[] values, float[] gradient, double rate, double decay)
    {
        optimizer.BeginStep();
        optimizer.Update("w", values, gradient, rate, decay);
    }
}
