namespace Hawq.Cli.Frame;

/// <summary>What the process returns; documented in src/docs/cli.md and in <c>hawq --help</c>.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>Something the user gave cannot be used: a model, a manifest, data, a file that cannot be written.</summary>
    public const int Error = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The work was done and the answer is no: a verification found a difference, a threshold was missed.</summary>
    public const int Failed = 3;

    /// <summary>A bug in the tool (EX_SOFTWARE of sysexits.h).</summary>
    public const int Internal = 70;

    /// <summary>Ctrl+C or SIGTERM (128 + SIGINT, as shells report it).</summary>
    public const int Interrupted = 130;
}
