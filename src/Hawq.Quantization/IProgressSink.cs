namespace Hawq.Quantization;

/// <summary>Receives what a long operation is doing, so that a tool can show it. Calls come from one thread at a time.</summary>
public interface IProgressSink
{
    /// <summary>A phase begins: <c>calibrate</c>, <c>quantize</c>, <c>evaluate</c>, ...</summary>
    /// <param name="phase">Name for people.</param>
    /// <param name="steps">Number of steps, or 0 when it is not known.</param>
    void Begin(string phase, int steps);

    /// <summary>A step of the phase is done.</summary>
    /// <param name="step">Steps done so far.</param>
    /// <param name="detail">What was just done; or null.</param>
    void Step(int step, string? detail = null);

    /// <summary>A finding worth a line of its own, such as what a step gained.</summary>
    /// <param name="message">One line.</param>
    void Tell(string message)
    {
    }

    /// <summary>Something that the user should know; the work goes on.</summary>
    /// <param name="message">One sentence.</param>
    void Warn(string message)
    {
    }
}

/// <summary>Shows nothing.</summary>
public sealed class NoProgress : IProgressSink
{
    /// <summary>The one instance.</summary>
    public static NoProgress Instance { get; } = new();

    /// <inheritdoc/>
    public void Begin(string phase, int steps)
    {
    }

    /// <inheritdoc/>
    public void Step(int step, string? detail = null)
    {
    }
}
