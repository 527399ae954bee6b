using System.Diagnostics;

namespace Hawq.Cli.Tests;

/// <summary>Runs the tool as users do: in a process of its own.</summary>
internal static class ToolProcess
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(2);

    /// <summary>Starts the tool; the caller waits for it.</summary>
    public static Process Start(params string[] arguments) => StartIn(Environment.CurrentDirectory, arguments);

    /// <summary>Starts the tool in a folder.</summary>
    public static Process StartIn(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!.Contains("dotnet", StringComparison.OrdinalIgnoreCase) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        start.ArgumentList.Add(typeof(HawqTool).Assembly.Location);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs the tool to its end.</summary>
    public static async Task<Outcome> Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        return await Finish(process);
    }

    /// <summary>Waits for the end.</summary>
    public static async Task<Outcome> Finish(Process process)
    {
        using CancellationTokenSource timeout = new(s_timeout);
        Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        return new Outcome(process.ExitCode, await output, await error);
    }
}
