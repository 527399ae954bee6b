using Hawq.Cli;

namespace Hawq.Cli.Tests;

/// <summary>Runs the tool in this process with captured writers.</summary>
internal static class Tool
{
    /// <summary>Runs one command line.</summary>
    public static async Task<Outcome> Run(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await HawqTool.RunAsync(arguments, output, error);
        return new Outcome(code, output.ToString(), error.ToString());
    }
}

/// <summary>What a run of the tool did.</summary>
internal sealed record Outcome(int Code, string Output, string Error)
{
    /// <summary>Lines on standard error.</summary>
    public string[] ErrorLines => Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
