using Hawq.Training.Quantized;
using Xunit;

namespace Hawq.Training.Tests.Quantized;

public sealed class WeightLabelsTests
{
    [Theory]
    [InlineData(.5)]
    [InlineData(2)]
    [InlineData(10)]
    public void The_gradient_of_scores_is_that_of_the_softmax(double beta)
    {
        float[] scores = [.3f, -.2f, .1f, -.4f, .25f, .05f], labels = [-1, 0, 1], outer = [.7f, -1.3f], codes = new float[2];
        LabelledWeights weights = new(scores, labels, () => beta);
        weights.Forward(codes);
        float[] gradient = weights.Backward(codes, outer);
        for (int i = 0; i < scores.Length; i++)
        {
            double Value(float shift)
            {
                float at = scores[i];
                scores[i] = at + shift;
                weights.Forward(codes);
                scores[i] = at;
                return (outer[0] * (double)codes[0]) + (outer[1] * (double)codes[1]);
            }

            Assert.Equal((Value(1e-2f) - Value(-1e-2f)) / 2e-2, gradient[i], 2e-3 * (1 + beta));
        }
    }

    [Fact]
    public void A_sharp_mean_field_is_the_label_with_the_largest_score()
    {
        LabelledWeights weights = new(LabelledWeights.Scores([-.8f, .2f, .55f, 7], [-1, 0, 1]), [-1, 0, 1], () => 1e4);
        float[] codes = new float[4];
        weights.Forward(codes);
        Assert.Equal([-1f, 0, 1, 1], codes);
        Assert.Equal(new sbyte[] { -1, 0, 1, 1 }, weights.Harden());
    }

    [Fact]
    public void The_projected_gradient_of_two_labels_is_the_straight_through_one()
    {
        // Scores of -1 and 1 that start as -|v + 1| and -|v - 1| differ by 2v inside [-1, 1]: a step g moves the difference by 2g, as BinaryConnect moves v by g.
        float[] v = [.3f, -.7f, .1f], g = [.55f, -1f, .23f], labels = [-1, 1], codes = new float[3];
        float[] scores = LabelledWeights.Scores(v, labels);
        LabelledWeights projected = new(scores, labels, () => double.PositiveInfinity);
        StraightThroughWeights straight = new(v, 1, binary: true);
        for (int step = 0; step < 4; step++)
        {
            projected.Forward(codes);
            float[] gradient = projected.Backward(codes, g);
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] -= .2f * gradient[i];
            }

            for (int i = 0; i < v.Length; i++)
            {
                v[i] -= .2f * g[i];
            }

            Assert.Equal(straight.Harden(), projected.Harden());
        }
    }

    [Fact]
    public void Straight_through_rounds_half_up_and_keeps_weights_near_their_range()
    {
        float[] latent = [-9, -.5f, .49f, .5f, 2.4f, 9];
        StraightThroughWeights weights = new(latent, 7, binary: false);
        Assert.Equal(new sbyte[] { -7, 0, 0, 1, 2, 7 }, weights.Harden());
        weights.AfterStep();
        Assert.Equal([-7.5f, -.5f, .49f, .5f, 2.4f, 7.5f], latent);
    }
}
