using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Cli.Reports;
using Hawq.Quantization.Search;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq solve INSTANCE.json</c>: the mixed-precision program alone, for people who measured their sensitivities elsewhere.</summary>
internal sealed class SolveVerb : Verb
{
    private readonly Argument<string> _file = new("instance") { Description = "Traces, perturbations, costs and budgets; see bit-search.md." };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "solve";

    /// <inheritdoc/>
    public override string Description =>
        "Solves a bare HAWQ-V3 instance exactly: the bits of each layer that lose least within each budget. Exits with 3 when the instance lists other bits.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq solve resnet18.json", "Bits, objective and used budget for each budget of the file."),
        new("hawq solve resnet18.json --json | jq '.solutions[].bits'", "The same for a script."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_file, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string file = parsed.GetRequiredValue(_file);
        InputFiles.RequireFile(file);
        SolveReport report = SolveReport.Of(SearchInstanceReader.Read(file), terminal.Cancellation);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(report);
        }
        else
        {
            Print(report, terminal);
        }

        return report.Solutions.Any(solution => solution.AsExpected == false) ? ExitCode.Failed : ExitCode.Success;
    }

    private static void Print(SolveReport report, Terminal terminal)
    {
        terminal.WriteLine($"{report.Network}: {report.Layers.Count} layers, {report.Layers[0]} to {report.Layers[^1]}");
        Table table = Tables.Create("budget");
        table.AddColumns(Tables.Right("alpha"), Tables.Right("limit"), Tables.Right("used"), Tables.Right("objective"), Tables.Right("gap to second"));
        table.AddColumns("bits", "listed");
        foreach (SolvedBudget solution in report.Solutions)
        {
            table.AddRow(
                solution.Constraint, solution.Alpha?.ToString(CultureInfo.InvariantCulture) ?? "", Number(solution.Limit), Number(solution.Used),
                solution.Objective.ToString("0.000000", CultureInfo.InvariantCulture),
                solution.GapToSecond?.ToString("0.000000", CultureInfo.InvariantCulture) ?? "", solution.Bits,
                solution.AsExpected switch { true => "same", false => "differs", null => "" });
        }

        terminal.Write(table);
    }

    private static string Number(decimal value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
