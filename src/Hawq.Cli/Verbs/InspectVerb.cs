using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Cli.Reports;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq inspect FILE</c>: a manifest or an ONNX model, layer by layer.</summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> _file = new("file") { Description = "A manifest (.hawq.json) or an ONNX model (.onnx)." };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "inspect";

    /// <inheritdoc/>
    public override string Description => "Shows a manifest or an ONNX model layer by layer: operator, shapes, bits, parameters, MACs, ranges.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq inspect resnet20.onnx", "What the importer understood, BatchNormalization folded in."),
        new("hawq inspect resnet20.hawq.json", "Bits, code ranges and accumulator bounds of the quantized network."),
        new("hawq inspect resnet20.hawq.json --json | jq '.totals'", "The same for a script."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_file, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string file = parsed.GetRequiredValue(_file);
        InspectReport report = InputFiles.IsManifest(file)
            ? InspectReport.Of(InputFiles.LoadManifest(file).Network)
            : InspectReport.Of(InputFiles.LoadOnnx(file), Path.GetFileName(file));
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(report);
        }
        else
        {
            Print(report, terminal);
        }

        return ExitCode.Success;
    }

    private static void Print(InspectReport report, Terminal terminal)
    {
        bool quantized = report.Kind == InspectReport.Manifest;
        string opset = report.Source.Opset > 0 ? $", opset {report.Source.Opset}" : "";
        terminal.WriteLine($"{report.Name}: {report.Kind}, source {report.Source.File}{opset}, sha256 {report.Source.Sha256}");
        terminal.WriteLine($"input {report.Input}; outputs {string.Join(", ", report.Outputs)}");
        foreach ((string name, string value) in report.Settings)
        {
            terminal.WriteLine($"{name}: {value}");
        }

        foreach (string note in report.Notes)
        {
            terminal.WriteLine($"note: {note}");
        }

        Table table = Tables.Create("layer", "op", "input", "output", "kernel");
        table.AddColumns(
            quantized
                ? [Tables.Right("weights"), Tables.Right("in"), Tables.Right("out"), Tables.Right("codes"), Tables.Right("accumulator")]
                : [Tables.Right("weight range")]);
        table.AddColumns(Tables.Right("parameters"), Tables.Right("MACs"));
        foreach (LayerReport layer in report.Layers)
        {
            string[] head = [layer.Name, layer.Op, layer.Input ?? "", layer.Output, layer.Detail];
            string[] middle = quantized
                ?
                [
                    layer.WeightBits is { } bits ? $"s{bits}" : "", $"{layer.InputBits}", layer.OutputType ?? "",
                    Range(layer.Range), layer.Accumulator is [var lo, var hi] ? $"{Tables.Count(lo)} .. {Tables.Count(hi)}" : "",
                ]
                : [Range(layer.Range)];
            string[] tail = [Tables.CountOrNothing(layer.Parameters), Tables.CountOrNothing(layer.Macs)];
            table.AddRow([.. head.Concat(middle).Concat(tail).Select(Markup.Escape)]);
        }

        terminal.Write(table);
        TotalsReport totals = report.Totals;
        terminal.WriteLine(
            $"{totals.Layers} layers, {Tables.Count(totals.Parameters)} parameters, {Tables.Count(totals.Macs)} MACs, {Tables.Count(totals.WeightBytes)} bytes of weights");
        if (quantized)
        {
            terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"sidecar {Tables.Count(totals.SidecarBytes ?? 0)} bytes, {totals.AverageWeightBits:0.###} bits per weight on average, {totals.Bops / 1e9:0.###} GBOPS"));
        }
    }

    private static string Range(double[]? range) =>
        range is [double lo, double hi] ? string.Create(CultureInfo.InvariantCulture, $"{lo:G5} .. {hi:G5}") : "";
}
