using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary>The part of <c>hawq quantize</c> that is about <c>--bits mixed</c>.</summary>
internal sealed class MixedPrecisionArguments
{
    private readonly Option<string[]> _budget = new("--budget") { Description = "With --bits mixed, may be repeated: bops=0.5 lies half-way between the narrowest and the widest network; size=200kB, bops=1.2G and latency=850us are absolute.", HelpName = "COST=VALUE" };
    private readonly Option<string[]> _options = BitOptions.Create("With --bits mixed: what every layer may become, widest first.");
    private readonly Option<int> _candidates = new("--candidates") { Description = "With --bits mixed: how many of the program's best assignments are quantized and measured, beside the uniform ones; the best is kept.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly SensitivityArgument _sensitivity = new("With --bits mixed: ");
    private readonly LatencyArguments _latency = new("With --bits mixed: ");

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_budget, _options, _candidates, _sensitivity.Option, .. _latency.Options];

    /// <summary>Refuses options that only mean something with <c>--bits mixed</c>.</summary>
    public void RefuseWithoutMixed(ParseResult parsed)
    {
        if (parsed.GetValue(_budget) is { Length: > 0 } || _latency.IsGiven(parsed) || parsed.GetResult(_sensitivity.Option) is { Implicit: false }
            || parsed.GetResult(_options) is { Implicit: false } || parsed.GetResult(_candidates) is { Implicit: false })
        {
            throw new HawqException(HawqIds.Usage, "--budget, --options, --candidates, --sensitivity, --latency-table and --target belong to --bits mixed.");
        }
    }

    /// <summary>Measures or reads sensitivities, solves, and quantizes.</summary>
    public MixedPrecisionResult Run(
        ParseResult parsed, FloatGraph graph, IDataSet data, QuantizerOptions options, string output, string weightsFile, IProgressSink progress, CancellationToken cancellation)
    {
        int candidates = parsed.GetValue(_candidates);
        if (candidates is < 1 or > 100)
        {
            throw new HawqException(HawqIds.Usage, $"--candidates {candidates}: from 1 to 100.");
        }

        MixedPrecisionOptions search = new()
        {
            Candidates = candidates,
            Budgets = [.. (parsed.GetValue(_budget) ?? []).Select(BudgetText.Parse)],
            Options = BitOptions.Parse(parsed, _options),
            Set = options.Grids.Bits.Layers,
            Latency = _latency.Read(parsed),
        };
        SensitivityTable sensitivities = _sensitivity.Get(
            parsed, graph, data, new SensitivityOptions { Options = search.Options, Images = options.CalibrationCount, Effort = options.Effort }, output, progress, cancellation);
        return MixedPrecisionQuantizer.Quantize(graph, data, options, search, sensitivities, weightsFile, progress, cancellation);
    }

    /// <summary>Prints what was tried and which bits were chosen.</summary>
    public static void Print(MixedPrecisionResult result, Terminal terminal)
    {
        Table table = Tables.Create("candidate");
        table.AddColumns(Tables.Right("objective"));
        table.AddColumns([.. result.Problem.Costs.Select(Tables.Right)]);
        table.AddColumns(Tables.Right("KL"), Tables.Right("SQNR dB"), Tables.Left(""));
        for (int i = 0; i < result.Tried.Count; i++)
        {
            TriedAssignment tried = result.Tried[i];
            table.AddRow(
            [
                tried.Name, Number(tried.Assignment.Objective, "G4"), .. tried.Assignment.Costs.Select(c => Tables.Count((long)c)),
                Number(tried.Result.Kl, "0.00000"), Number(tried.Result.SqnrDb, "0.00"), i == result.Chosen ? "chosen" : "",
            ]);
        }

        terminal.Write(table);
        terminal.WriteLine($"bits: {string.Join(" ", result.Problem.Layers.Zip(result.Tried[result.Chosen].Assignment.Bits, (layer, bits) => $"{layer.Name}={bits}"))}");
    }

    /// <summary>What was tried, for <c>--json</c>.</summary>
    public static CandidateResult[] Candidates(MixedPrecisionResult result) =>
    [
        .. result.Tried.Select((tried, i) => new CandidateResult(
            tried.Name, i == result.Chosen, tried.Assignment.Objective, result.Problem.Costs.Zip(tried.Assignment.Costs).ToDictionary(pair => pair.First, pair => pair.Second),
            tried.Result.Kl, tried.Result.SqnrDb, result.Problem.Layers.Zip(tried.Assignment.Bits).ToDictionary(pair => pair.First.Name, pair => pair.Second.ToString()))),
    ];

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}

/// <summary>A network that was tried, in JSON.</summary>
internal sealed record CandidateResult(
    string Name, bool Chosen, double Objective, Dictionary<string, decimal> Costs, double? Kl, double? SqnrDb, Dictionary<string, string> Bits);
