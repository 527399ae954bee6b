using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hawq.Model;
using Hawq.Quantization;
using Spectre.Console;

namespace Hawq.Cli.Frame;

/// <summary>
/// Where a verb's words go: results on standard output; progress, notes and errors on standard error. With <c>--json</c> standard
/// output carries one JSON document and nothing else.
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error, bool live, bool quiet, CancellationToken cancellation)
{
    /// <summary>Width of tables where standard output is no terminal: wide enough that no cell is wrapped.</summary>
    private const int RedirectedWidth = 400;

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    private readonly Lock _errorLock = new();

    /// <summary>Cancelled by Ctrl+C.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Standard output.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Writes one line of results.</summary>
    public void WriteLine(string text = "") => Output.WriteLine(text);

    /// <summary>Writes a table of results: coloured and fitted to the window on a terminal, plain and as wide as it needs to be elsewhere.</summary>
    public void Write(Table table)
    {
        if (ReferenceEquals(Output, Console.Out) && !Console.IsOutputRedirected)
        {
            AnsiConsole.Console.Write(table);
            return;
        }

        using StringWriter plain = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(plain),
        });
        console.Profile.Width = RedirectedWidth;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        foreach (string line in plain.ToString().Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0))
        {
            Output.WriteLine(line);
        }
    }

    /// <summary>Writes the machine-readable result: camel case, indented, LF.</summary>
    public void WriteJson<T>(T result) => Output.WriteLine(JsonSerializer.Serialize(result, s_json));

    /// <summary>Writes a line to standard error as it is.</summary>
    public void PassOn(string text)
    {
        lock (_errorLock)
        {
            error.WriteLine(text);
        }
    }

    /// <summary>Tells the user something in passing, on standard error; silent with <c>--quiet</c>.</summary>
    public void Note(string text)
    {
        if (!quiet)
        {
            PassOn(text);
        }
    }

    /// <summary>A warning, on standard error, even with <c>--quiet</c>.</summary>
    public void Warn(string text) => PassOn($"warning: {text}");

    /// <summary>Reports an error as compilers do.</summary>
    public void Error(HawqException exception) => PassOn(exception.Report);

    /// <summary>
    /// Runs <paramref name="work"/> with a progress display on standard error: bars on an interactive terminal, otherwise a line per
    /// phase and per finding (and one every ten seconds of a long phase), only warnings with <c>--quiet</c>.
    /// </summary>
    public T WithProgress<T>(Func<IProgressSink, T> work)
    {
        if (quiet)
        {
            return work(new QuietProgress(Warn));
        }

        if (!live)
        {
            return work(new LineProgress(Note, Warn, TimeProvider.System));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        List<string> warnings = []; // shown when the bars are gone
        try
        {
            return console.Progress()
                .AutoClear(true)
                .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(context => work(new LiveProgress(console, context, warnings.Add)));
        }
        finally
        {
            warnings.ForEach(Warn);
        }
    }
}
