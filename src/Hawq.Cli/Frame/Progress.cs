using System.Diagnostics;
using System.Globalization;
using Hawq.Quantization;
using Spectre.Console;

namespace Hawq.Cli.Frame;

/// <summary>A line when a phase begins, one for every finding, and one with the time left every ten seconds: readable in a log.</summary>
/// <param name="write">Writes a line.</param>
/// <param name="warn">Writes a warning.</param>
/// <param name="clock">Where time comes from.</param>
internal sealed class LineProgress(Action<string> write, Action<string> warn, TimeProvider clock) : IProgressSink
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);
    private long _began, _wrote;
    private string _phase = "";
    private int _steps;

    /// <inheritdoc/>
    public void Begin(string phase, int steps)
    {
        (_phase, _steps) = (phase, steps);
        write(steps > 0 ? $"{phase} ({steps}) ..." : $"{phase} ...");
        _began = _wrote = clock.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Step(int step, string? detail = null)
    {
        if (clock.GetElapsedTime(_wrote) >= s_interval)
        {
            TimeSpan left = clock.GetElapsedTime(_began) / Math.Max(step, 1) * (_steps - step);
            write($"{_phase} {step}/{_steps}{(step < _steps ? $", about {Duration(left)} left" : "")}{(detail is null ? "" : $": {detail}")}");
            _wrote = clock.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public void Tell(string message) => write("  " + message);

    /// <inheritdoc/>
    public void Warn(string message) => warn(message);

    private static string Duration(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes)} min");
}

/// <summary>One bar per phase, redrawn in place; findings stay above it.</summary>
/// <param name="console">The terminal.</param>
/// <param name="context">Its bars.</param>
/// <param name="warn">Takes a warning.</param>
internal sealed class LiveProgress(IAnsiConsole console, ProgressContext context, Action<string> warn) : IProgressSink
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

    /// <inheritdoc/>
    public void Tell(string message) => console.WriteLine("  " + message);

    /// <inheritdoc/>
    public void Warn(string message) => warn(message);

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

/// <summary>Nothing but warnings.</summary>
/// <param name="warn">Writes a warning.</param>
internal sealed class QuietProgress(Action<string> warn) : IProgressSink
{
    /// <inheritdoc/>
    public void Begin(string phase, int steps)
    {
    }

    /// <inheritdoc/>
    public void Step(int step, string? detail = null)
    {
    }

    /// <inheritdoc/>
    public void Warn(string message) => warn(message);
}
