namespace Hawq.Quantization.Rounding;

/// <summary>Follows the weights of one channel group through the steps of the recipe: what each step does to the layer's output on the calibration inputs.</summary>
/// <param name="weights">The float weights that the network came with, rows padded.</param>
/// <param name="statistics">Of the layer's quantized input. Without error covariance nothing is measured.</param>
/// <param name="form">The damped covariance.</param>
/// <param name="damping">How much it is damped, as a part of the mean variance: taken out again.</param>
/// <param name="inputScale">Real step of an input code.</param>
internal sealed class RoundingPath(float[] weights, InputStatistics statistics, QuadraticForm form, double damping, double inputScale)
{
    private readonly List<RoundingStep> _steps = [];

    /// <summary>Whether there is something to measure with.</summary>
    public bool IsMeasured { get; } = statistics.ErrorCovariance.Length > 0;

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<RoundingStep> Steps => _steps;

    /// <summary>Adds the weights after a step: codes times scales.</summary>
    public void Add(string step, float[] codes, double[] scales)
    {
        if (!IsMeasured)
        {
            return;
        }

        // With d the change of the weights, e the error that the float weights leave and x the input: E(e - d x)^2 - E e^2 = d Cov(x) d - 2 d Cov(e, x).
        int stride = form.Stride;
        float[] change = new float[codes.Length];
        double cross = 0, squares = 0;
        for (int row = 0; row < scales.Length; row++)
        {
            for (int i = row * stride; i < (row * stride) + form.Size; i++)
            {
                change[i] = (float)((codes[i] * scales[row]) - weights[i]);
                cross += change[i] * statistics.ErrorCovariance[i];
                squares += (double)change[i] * change[i];
            }
        }

        double own = form.Dot(form.Multiply(change), change).Sum() - (damping * statistics.MeanVariance * squares);
        _steps.Add(new RoundingStep(step, (inputScale * inputScale * own) - (2 * inputScale * cross)));
    }
}
