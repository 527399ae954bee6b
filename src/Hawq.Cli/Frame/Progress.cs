using System.Diagnostics;
using Hawq.Quantization;
using Spectre.Console;

namespace Hawq.Cli.Frame;

/// <summary>A line when a phase begins, one for every step that has something to say, and one every ten seconds: readable in a log.</summary>
internal sealed class LineProgress(Action<string> write) : IProgressSink
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private string _phase = "";
    private int _steps;

    /// <inheritdoc/>
    public void Begin(string phase, int steps)
    {
        (_phase, _steps) = (phase, steps);
        write(steps > 0 ? $"{phase} ({steps}) ..." : $"{phase} ...");
        _sinceLine.Restart();
    }

    /// <inheritdoc/>
    public void Step(int step, string? detail = null)
    {
        if (_sinceLine.Elapsed >= s_interval)
        {
            write(detail is null ? $"{_phase} {step}/{_steps}" : $"{_phase} {step}/{_steps}: {detail}");
            _sinceLine.Restart();
        }
    }
}

/// <summary>One bar per phase, redrawn in place.</summary>
internal sealed class LiveProgress(ProgressContext context) : IProgressSink
{
    private ProgressTask? _task;
    private string _phase = "";

    /// <inheritdoc/>
    public void Begin(string phase, int steps)
    {
        Finish();
        _phase = phase;
        _task = context.AddTask(Markup.Escape(phase), maxValue: Math.Max(steps, 1));
        _task.IsIndeterminate = steps <= 0;
    }

    /// <inheritdoc/>
    public void Step(int step, string? detail = null)
    {
        if (_task is { } task)
        {
            task.Value = step;
            task.Description = Markup.Escape(detail is null ? _phase : $"{_phase} {detail}");
        }
    }

    private void Finish()
    {
        if (_task is { } task)
        {
            task.IsIndeterminate = false;
            task.Value = task.MaxValue;
            task.Description = Markup.Escape(_phase);
            task.StopTask();
        }
    }
}
