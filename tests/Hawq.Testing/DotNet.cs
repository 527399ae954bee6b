using System.Diagnostics;

namespace Hawq.Testing;

/// <summary>What a command said.</summary>
/// <param name="ExitCode">0 for success.</param>
/// <param name="Output">Standard output and error.</param>
public sealed record CommandResult(int ExitCode, string Output);

/// <summary>Runs the .NET SDK in a process of its own that leaves no server behind.</summary>
public static class DotNet
{
    /// <summary>Runs <c>dotnet</c>.</summary>
    public static CommandResult Run(string folder, params string[] arguments) => Start("dotnet", folder, arguments);

    /// <summary>Runs a program.</summary>
    public static CommandResult Start(string program, string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };

        // A test host sets variables of its own SDK and of MSBuild; the command must find everything afresh.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output + error.Result);
    }
}
