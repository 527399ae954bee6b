using System.Diagnostics;
using Spectre.Console;

namespace Hawq.Cli.Frame;

/// <summary>How far a stage of a verb's work has got.</summary>
/// <param name="Name">For example <c>calibrate</c>.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all, or 0 when unknown.</param>
internal readonly record struct Stage(string Name, long Done, long Total);

/// <summary>Says nothing.</summary>
internal sealed class NoProgress : IProgress<Stage>
{
    /// <inheritdoc/>
    public void Report(Stage value)
    {
    }
}

/// <summary>A line when a stage begins, and one every ten seconds while it lasts: readable in a log.</summary>
internal sealed class LineProgress(Action<string> write) : IProgress<Stage>
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private string? _current;

    /// <inheritdoc/>
    public void Report(Stage value)
    {
        lock (_lock)
        {
            if (value.Name != _current)
            {
                _current = value.Name;
                write($"{value.Name} ...");
                _sinceLine.Restart();
            }
            else if (_sinceLine.Elapsed >= s_interval && value.Total > 0)
            {
                write($"{value.Name} {value.Done}/{value.Total}");
                _sinceLine.Restart();
            }
        }
    }
}

/// <summary>One bar per stage, redrawn in place.</summary>
internal sealed class LiveProgress(ProgressContext context) : IProgress<Stage>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProgressTask> _tasks = [];

    /// <inheritdoc/>
    public void Report(Stage value)
    {
        lock (_lock)
        {
            if (!_tasks.TryGetValue(value.Name, out ProgressTask? task))
            {
                task = context.AddTask(Markup.Escape(value.Name));
                _tasks.Add(value.Name, task);
            }

            task.IsIndeterminate = value.Total <= 0;
            task.MaxValue = Math.Max(value.Total, 1);
            task.Value = value.Done;
        }
    }
}
