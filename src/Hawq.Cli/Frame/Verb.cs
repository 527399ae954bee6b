using System.CommandLine;

namespace Hawq.Cli.Frame;

/// <summary>One verb of the tool: its options, its examples, and what it does. One file per verb, in Verbs/.</summary>
internal abstract class Verb
{
    /// <summary>Prints the result as JSON on standard output; a verb that has no machine-readable result does not add it.</summary>
    protected static Option<bool> JsonOption() => new("--json") { Description = "Print the result as JSON on standard output, and nothing else." };

    /// <summary>Name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One or two sentences for the help page.</summary>
    public abstract string Description { get; }

    /// <summary>Command lines a user would really type, each with what it does; shown under the help page.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    /// <summary>Whether the help page of the tool leaves it out.</summary>
    public virtual bool Hidden => false;

    /// <summary>Adds arguments and options.</summary>
    public abstract void Configure(Command command);

    /// <summary>Does the work and returns an <see cref="ExitCode"/>.</summary>
    /// <exception cref="Model.HawqException">Something the user gave cannot be used: printed as one message, exit code 1; or 2 for
    /// <see cref="Model.HawqIds.Usage"/>.</exception>
    /// <exception cref="OperationCanceledException">Ctrl+C: exit code 130.</exception>
    public abstract int Run(ParseResult parsed, Terminal terminal);
}

/// <summary>One example on a help page.</summary>
/// <param name="CommandLine">What to type.</param>
/// <param name="Meaning">What it does.</param>
internal sealed record Example(string CommandLine, string Meaning);
