namespace Hawq.Training.Optimization;

/// <summary>Learning rates over time.</summary>
public static class LearningRate
{
    /// <summary>Half a cosine from the full rate to a hundredth of it, after a linear rise.</summary>
    /// <param name="rate">Full rate.</param>
    /// <param name="progress">Share of the training that is done, 0 to 1.</param>
    /// <param name="warmUp">Share that the rise takes.</param>
    public static double Cosine(double rate, double progress, double warmUp = 0)
    {
        if (progress < warmUp)
        {
            return rate * progress / warmUp;
        }

        double t = Math.Clamp((progress - warmUp) / (1 - warmUp), 0, 1);
        return rate * (.01 + (.99 * .5 * (1 + Math.Cos(Math.PI * t))));
    }
}
