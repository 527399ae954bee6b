using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Hawq.Testing;

/// <summary>A .NET program in a process of its own, which ends with the object.</summary>
public sealed class RunningProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    /// <summary>Starts <c>dotnet PROGRAM.dll</c>.</summary>
    public RunningProgram(string program, params string[] arguments)
        : this(program, new Dictionary<string, string>(), arguments)
    {
    }

    /// <summary>The same with environment variables.</summary>
    public RunningProgram(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += Append;
        _process.ErrorDataReceived += Append;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has said so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Waits until the program says something that matches.</summary>
    /// <exception cref="InvalidOperationException">It ended first, or a minute went by.</exception>
    public async Task<Match> Says(string pattern)
    {
        for (Stopwatch clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromMinutes(1); await Task.Delay(20))
        {
            bool ended = _process.HasExited;
            if (ended)
            {
                _process.WaitForExit(); // until the last line has been read
            }

            Match match = Regex.Match(Output, pattern, RegexOptions.Multiline);
            if (match.Success)
            {
                return match;
            }

            if (ended)
            {
                break;
            }
        }

        throw new InvalidOperationException($"The program did not say '{pattern}', but:\n{Output}");
    }

    /// <summary>Waits for its end and returns its exit code.</summary>
    public async Task<int> Ends()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Ends it without warning (SIGKILL).</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
