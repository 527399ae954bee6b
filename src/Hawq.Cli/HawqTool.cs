using System.CommandLine;
using System.CommandLine.Help;
using Hawq.Cli.Frame;
using Hawq.Cli.Verbs;
using Hawq.Model;

namespace Hawq.Cli;

/// <summary>The tool: parses the command line, runs a verb, and turns whatever happens into messages and an exit code.</summary>
internal static class HawqTool
{
    /// <summary>How long a verb may take to stop after Ctrl+C before the process ends without it.</summary>
    private static readonly TimeSpan s_cancellationGrace = TimeSpan.FromSeconds(5);

    private static IReadOnlyList<Verb> Verbs() =>
        [
            new QuantizeVerb(), new InspectVerb(), new EmitVerb(), new VerifyVerb(), new EvaluateVerb(), new BenchVerb(), new ExportVerb(), new CalibrateVerb(), new AnalyzeVerb(), new AblateVerb(),
            new ProfileVerb(), new ParetoVerb(), new SolveVerb(), new CardVerb(), new DoctorVerb(), new TrainVerb(), new PtxVerb(), new VerifyTierVerb(),
        ];

    /// <summary>Every command line that the help pages show.</summary>
    public static IEnumerable<string> ExampleLines => Verbs().SelectMany(verb => verb.Examples).Select(example => example.CommandLine);

    /// <summary>Names of the verbs, in the order of the help page.</summary>
    public static IEnumerable<string> VerbNames => Verbs().Where(v => !v.Hidden).Select(v => v.Name);

    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="live">Whether standard error is a terminal that can redraw.</param>
    /// <param name="cancellation">Cancels as Ctrl+C does.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, TextWriter output, TextWriter error, bool live = false, CancellationToken cancellation = default)
    {
        RootCommand root = Grammar((verb, parsed, quiet, token) => Run(verb, parsed, new Terminal(output, error, live, quiet, token), error));
        ParseResult result = root.Parse(arguments.Length == 0 ? ["--help"] : arguments);
        if (result.Errors.Count > 0 && result.Action is not HelpPage)
        {
            return ReportUsage(result, error);
        }

        InvocationConfiguration configuration = new()
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = s_cancellationGrace,
        };
        return await result.InvokeAsync(configuration, cancellation);
    }

    /// <summary>What the tool makes of a command line, without running it.</summary>
    public static ParseResult Parse(string[] arguments) => Grammar((_, _, _, _) => ExitCode.Success).Parse(arguments);

    private static RootCommand Grammar(Func<Verb, ParseResult, bool, CancellationToken, int> run)
    {
        RootCommand root = new("Turns convolutional networks into integer-only, allocation-free C#.");
        Option<bool> quiet = new("--quiet", "-q") { Description = "No progress and no notes on standard error; warnings and errors remain.", Recursive = true };
        root.Add(quiet);
        Dictionary<string, Verb> verbs = [];
        foreach (Verb verb in Verbs())
        {
            Command command = new(verb.Name, verb.Description) { Hidden = verb.Hidden };
            foreach (Symbol symbol in verb.Symbols)
            {
                if (symbol is Argument argument)
                {
                    command.Add(argument);
                }
                else
                {
                    command.Add((Option)symbol);
                }
            }

            command.SetAction((parsed, token) => Task.Run(() => run(verb, parsed, parsed.GetValue(quiet), token)));
            root.Add(command);
            verbs.Add(verb.Name, verb);
        }

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpPage((HelpAction)help.Action!, verbs);
        return root;
    }

    private static int Run(Verb verb, ParseResult parsed, Terminal terminal, TextWriter error)
    {
        try
        {
            return verb.Run(parsed, terminal);
        }
        catch (Exception exception) when (Unwrap(exception) is { } cause)
        {
            switch (cause)
            {
                case OperationCanceledException:
                    error.WriteLine("interrupted; no file is half written, and work that can be continued is kept");
                    return ExitCode.Interrupted;
                case HawqException { Id: HawqIds.Usage } usage:
                    terminal.Error(usage);
                    error.WriteLine($"See 'hawq {verb.Name} --help'.");
                    return ExitCode.Usage;
                case HawqException known:
                    terminal.Error(known);
                    return ExitCode.Error;
                case IOException or UnauthorizedAccessException:
                    terminal.Error(new HawqException(HawqIds.FileAccess, cause.Message, innerException: cause));
                    return ExitCode.Error;
                default:
                    error.WriteLine($"internal error: {cause.Message} This is a bug in hawq; please report it with the command line and the lines below.");
                    error.WriteLine(cause.ToString());
                    return ExitCode.Internal;
            }
        }
    }

    /// <summary>Parallel loops wrap what their bodies throw: take the first cause.</summary>
    private static Exception Unwrap(Exception exception) =>
        exception is AggregateException aggregate ? Unwrap(aggregate.Flatten().InnerExceptions[0]) : exception;

    private static int ReportUsage(ParseResult result, TextWriter error)
    {
        Command command = result.CommandResult.Command;
        bool isRoot = command is RootCommand;
        foreach (string message in result.Errors.Select(e => e.Message).Distinct())
        {
            // A mistyped verb makes two errors; the one that names the word is enough.
            if (isRoot && result.UnmatchedTokens.Count > 0 && !message.Contains('\''))
            {
                continue;
            }

            error.WriteLine($"error {HawqIds.Usage}: {message}");
        }

        IEnumerable<string> known = command.Options.Concat(result.RootCommandResult.Command.Options).SelectMany(o => o.Aliases.Append(o.Name))
            .Concat(command.Subcommands.Select(c => c.Name));
        foreach (string token in result.UnmatchedTokens)
        {
            if (Suggestion.Nearest(token, known) is { } near)
            {
                error.WriteLine($"Did you mean '{near}'?");
            }
        }

        error.WriteLine(isRoot ? "See 'hawq --help'." : $"See 'hawq {command.Name} --help'.");
        return ExitCode.Usage;
    }
}
