using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hawq.Cli.Frame;

namespace Hawq.Cli.Verification;

/// <summary>Runs this tool again, as another process that sees only the instructions of one tier.</summary>
internal static class TierProcess
{
    /// <summary>Hidden verb of the child: <c>verify-tier NAME MANIFEST IMAGE CASES</c>.</summary>
    public const string Verb = "verify-tier";

    /// <summary>Runs the check on a tier.</summary>
    /// <param name="tier">The tier.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="image">The compiled assembly.</param>
    /// <param name="cases">File of the cases.</param>
    /// <param name="cancellation">Kills the child.</param>
    /// <exception cref="InvalidOperationException">The child failed in a way that is no verification result.</exception>
    public static TierResult Run(Tier tier, string manifest, string image, string cases, CancellationToken cancellation)
    {
        using Process process = Process.Start(StartInfo(tier, [Verb, tier.Name, manifest, image, cases]))!;
        using CancellationTokenRegistration kill = cancellation.Register(() => process.Kill(entireProcessTree: true));
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The check on tier {tier.Name} ended with exit code {process.ExitCode}: {error.Result}{output}");
        }

        return JsonSerializer.Deserialize<TierResult>(output, JsonSerializerOptions.Web)!;
    }

    /// <summary>Runs another command line in a process that sees only the instructions of a tier; what it writes is passed on.</summary>
    /// <returns>Its exit code.</returns>
    public static int Rerun(Tier tier, IEnumerable<string> arguments, Terminal terminal)
    {
        using Process process = Process.Start(StartInfo(tier, arguments))!;
        using CancellationTokenRegistration kill = terminal.Cancellation.Register(() => process.Kill(entireProcessTree: true));
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is string text)
            {
                terminal.PassOn(text);
            }
        };
        process.BeginErrorReadLine();
        terminal.Output.Write(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        terminal.Cancellation.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    /// <summary>Starts this tool again with the same environment.</summary>
    public static ProcessStartInfo Tool(IEnumerable<string> arguments)
    {
        string assembly = typeof(TierProcess).Assembly.Location;
        string launcher = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        bool hosted = !File.Exists(launcher);
        ProcessStartInfo start = new(hosted ? "dotnet" : launcher) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (hosted)
        {
            start.ArgumentList.Add(assembly);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The launcher looks for a runtime where the machine's settings say; this process has one already.
        if (!start.Environment.ContainsKey("DOTNET_ROOT"))
        {
            start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        }

        return start;
    }

    private static ProcessStartInfo StartInfo(Tier tier, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = Tool(arguments);
        foreach (string name in Tier.AllSwitches)
        {
            start.Environment.Remove(name);
        }

        foreach (string name in tier.Switches)
        {
            start.Environment[name] = "0";
        }

        return start;
    }
}
