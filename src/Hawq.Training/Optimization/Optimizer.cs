namespace Hawq.Training.Optimization;

/// <summary>Changes parameters along their gradients. Holds one state per parameter, which a checkpoint saves and restores.</summary>
public abstract class Optimizer
{
    private readonly Dictionary<string, float[][]> _states = new(StringComparer.Ordinal);

    /// <summary>Steps taken so far.</summary>
    public int Steps { get; set; }

    /// <summary>State arrays by parameter name, each of the parameter's size.</summary>
    public IDictionary<string, float[][]> States => _states;

    /// <summary>Number of state arrays per parameter.</summary>
    protected internal abstract int StateCount { get; }

    /// <summary>Starts a step, in which every parameter is updated once.</summary>
    public void BeginStep() => Steps++;

    /// <summary>Updates one parameter in place.</summary>
    /// <param name="name">Its name: the key of its state.</param>
    /// <param name="values">Its values.</param>
    /// <param name="gradient">Gradient of the loss.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="decay">Weight decay: added to the gradient, times the value.</param>
    public void Update(string name, float[] values, ReadOnlySpan<float> gradient, double rate, double decay = 0)
    {
        if (values.Length != gradient.Length)
        {
            throw new ArgumentException($"'{name}' has {values.Length} values and {gradient.Length} gradients.", nameof(gradient));
        }

        if (!_states.TryGetValue(name, out float[][]? state))
        {
            _states[name] = state = [.. Enumerable.Range(0, StateCount).Select(_ => new float[values.Length])];
        }

        Apply(values, gradient, state, (float)rate, (float)decay);
    }

    /// <summary>The rule.</summary>
    protected abstract void Apply(float[] values, ReadOnlySpan<float> gradient, float[][] state, float rate, float decay);
}

/// <summary>Stochastic gradient descent with momentum: v = momentum * v + g; w = w - rate * v.</summary>
/// <param name="momentum">Share of the last step that is kept.</param>
public sealed class SgdMomentum(double momentum = .9) : Optimizer
{
    /// <inheritdoc/>
    protected internal override int StateCount => 1;

    /// <inheritdoc/>
    protected override void Apply(float[] values, ReadOnlySpan<float> gradient, float[][] state, float rate, float decay)
    {
        float[] velocity = state[0];
        float keep = (float)momentum;
        for (int i = 0; i < values.Length; i++)
        {
            velocity[i] = (keep * velocity[i]) + gradient[i] + (decay * values[i]);
            values[i] -= rate * velocity[i];
        }
    }
}

/// <summary>Adam (Kingma and Ba, arXiv 1412.6980), with bias correction.</summary>
/// <param name="beta1">Memory of the mean gradient.</param>
/// <param name="beta2">Memory of the mean squared gradient.</param>
/// <param name="epsilon">Added to the root.</param>
public sealed class Adam(double beta1 = .9, double beta2 = .999, double epsilon = 1e-8) : Optimizer
{
    /// <inheritdoc/>
    protected internal override int StateCount => 2;

    /// <inheritdoc/>
    protected override void Apply(float[] values, ReadOnlySpan<float> gradient, float[][] state, float rate, float decay)
    {
        double correct1 = 1 - Math.Pow(beta1, Steps), correct2 = 1 - Math.Pow(beta2, Steps);
        (float[] mean, float[] square) = (state[0], state[1]);
        for (int i = 0; i < values.Length; i++)
        {
            double g = gradient[i] + (decay * values[i]);
            mean[i] = (float)((beta1 * mean[i]) + ((1 - beta1) * g));
            square[i] = (float)((beta2 * square[i]) + ((1 - beta2) * g * g));
            values[i] -= (float)(rate * (mean[i] / correct1) / (Math.Sqrt(square[i] / correct2) + epsilon));
        }
    }
}
