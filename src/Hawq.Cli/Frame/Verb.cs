using System.CommandLine;

namespace Hawq.Cli.Frame;

/// <summary>One verb of the tool: its options, its examples, and what it does. One file per verb, in Verbs/.</summary>
internal abstract class Verb
{
    /// <summary>The manifest that a verb works on.</summary>
    protected static Argument<string> ManifestArgument() => new("manifest") { Description = "The manifest (.hawq.json)." };

    /// <summary>The float network that a verb works on.</summary>
    protected static Argument<string> ModelArgument() => new("model") { Description = "The float network (.onnx)." };

    /// <summary>Prints the result as JSON on standard output; a verb that has no machine-readable result does not add it.</summary>
    protected static Option<bool> JsonOption() => new("--json") { Description = "Print the result as JSON on standard output, and nothing else." };

    /// <summary>The option, with nothing but these values.</summary>
    protected static Option<T> OneOf<T>(Option<T> option, params string[] values)
    {
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    /// <summary>Name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One or two sentences for the help page.</summary>
    public abstract string Description { get; }

    /// <summary>Command lines a user would really type, each with what it does; shown under the help page.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    /// <summary>Whether the help page of the tool leaves it out.</summary>
    public virtual bool Hidden => false;

    /// <summary>Arguments and options, in the order of the help page.</summary>
    public abstract IReadOnlyList<Symbol> Symbols { get; }

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
