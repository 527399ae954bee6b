using System.CommandLine;
using System.Text;
using System.Text.Json;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Quantization.Cards;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq card MANIFEST</c>: the quantization card as Markdown, HTML or JSON; or what two cards differ in.</summary>
internal sealed class CardVerb : Verb
{
    private readonly Argument<string?> _manifest = new("manifest") { Description = "The manifest (.hawq.json).", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _diff = new("--diff") { Description = "Compare two manifests: lists the confounders in which they differ; exit code 3 when there are any.", HelpName = "A B", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _output = new("--output", "-o") { Description = "Write a file instead: .html is one self-contained page, .md is Markdown, .json is JSON.", HelpName = "FILE" };
    private readonly Option<string?> _evaluation = new("--evaluation") { Description = "Result of 'hawq evaluate --json': accuracy with its confidence interval.", HelpName = "FILE.json" };
    private readonly Option<string?> _float = new("--float") { Description = "The float network (.onnx): error of every layer, with --data.", HelpName = "MODEL.onnx" };
    private readonly Option<string?> _data = DataOptions.Data(required: false);
    private readonly Option<string?> _sensitivity = new("--sensitivity") { Description = "A file made by 'hawq analyze'.", HelpName = "FILE.json" };
    private readonly Option<string?> _pareto = new("--pareto") { Description = "A file made by 'hawq pareto'.", HelpName = "FILE.json" };
    private readonly Option<string?> _latencyTable = new("--latency-table") { Description = "Measured times per layer.", HelpName = "FILE.json" };
    private readonly Option<string?> _contactSheet = new("--contact-sheet") { Description = "A PNG for the page: the sheet that 'hawq quantize --calibration zero-shot --save-images FOLDER' writes to FOLDER.png.", HelpName = "FILE.png" };
    private readonly Option<int> _images = new("--images") { Description = "Inputs for the error of every layer.", HelpName = "N", DefaultValueFactory = _ => 64 };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "card";

    /// <inheritdoc/>
    public override string Description => "The quantization card: every choice that can change accuracy or speed, computed from the manifest and from measurements.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq card resnet20.hawq.json -o card.html --float resnet20.onnx --data test_batch.bin", "A page with charts, among them the error of every layer."),
        new("hawq card resnet20.hawq.json", "Markdown on standard output."),
        new("hawq card --diff a.hawq.json b.hawq.json", "Are the two comparable?"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _output, _diff, _evaluation, _float, _data, _images, _sensitivity, _pareto, _latencyTable, _contactSheet, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string? manifest = parsed.GetValue(_manifest);
        if (parsed.GetValue(_diff) is { Length: 2 } pair)
        {
            return manifest is null ? Diff(pair[0], pair[1], parsed.GetValue(_json), terminal) : throw new HawqException(HawqIds.Usage, "--diff takes two manifests and needs no other.");
        }

        LoadedNetwork loaded = InputFiles.LoadManifest(manifest ?? throw new HawqException(HawqIds.Usage, "Name a manifest, or two with --diff."));
        QuantizationCard own = CardBuilder.Build(loaded.Network);
        bool stale = loaded.Network.Provenance.Card.Count > 0 && loaded.Network.Provenance.Card != own.ToSettings();
        if (stale)
        {
            terminal.Error(new HawqException(HawqIds.Verification, "The card in the manifest is not the card of its network: the manifest was edited, or written by another version. The card below is computed.", manifest));
        }

        QuantizationCard card = CardBuilder.Build(loaded.Network, Measurements(parsed, loaded, terminal));
        string? output = parsed.GetValue(_output);
        string ending = parsed.GetValue(_json) ? ".json" : Path.GetExtension(output ?? ".md").ToLowerInvariant();
        byte[]? contactSheet = ContactSheet(parsed.GetValue(_contactSheet), ending);
        string text = ending switch
        {
            ".html" or ".htm" => CardHtml.Render(card, contactSheet),
            ".md" => CardMarkdown.Render(card),
            ".json" => CardJson.Render(card),
            _ => throw new HawqException(HawqIds.Usage, $"--output {output}: the ending must be .html, .md or .json."),
        };
        if (output is null)
        {
            terminal.Output.Write(text);
        }
        else
        {
            WholeFiles.Save(output, Encoding.UTF8.GetBytes(text));
            terminal.WriteLine($"{output}: {Tables.Count(text.Length)} characters");
        }

        return stale ? ExitCode.Failed : ExitCode.Success;
    }

    private static byte[]? ContactSheet(string? file, string ending)
    {
        if (file is null)
        {
            return null;
        }

        if (ending is not (".html" or ".htm"))
        {
            throw new HawqException(HawqIds.Usage, "--contact-sheet needs a page to stand on: -o FILE.html.");
        }

        InputFiles.RequireFile(file);
        byte[] bytes = File.ReadAllBytes(file);
        return bytes is [0x89, (byte)'P', (byte)'N', (byte)'G', ..]
            ? bytes
            : throw new HawqException(HawqIds.FileAccess, "This is no PNG file.", file);
    }

    private CardMeasurements Measurements(ParseResult parsed, LoadedNetwork loaded, Terminal terminal)
    {
        (EvaluationResult? evaluation, string? evaluationData) = parsed.GetValue(_evaluation) is string file ? ReadEvaluation(file) : (null, null);
        string? floatModel = parsed.GetValue(_float), data = parsed.GetValue(_data);
        if (floatModel is null != data is null)
        {
            throw new HawqException(HawqIds.Usage, "--float and --data belong together.");
        }

        IReadOnlyDictionary<string, double> errors = new Dictionary<string, double>();
        if (floatModel is not null)
        {
            using IDataSet set = DataOptions.OpenFor(loaded.Network, data!, null);
            errors = LayerErrors.Measure(
                loaded.Network, loaded.Weights, InputFiles.LoadOnnx(floatModel), set, Math.Min(set.Count, Math.Max(1, parsed.GetValue(_images))), terminal.Cancellation);
        }

        return new CardMeasurements
        {
            Evaluation = evaluation,
            EvaluationData = evaluationData,
            LayerSqnr = errors,
            Kernels = Planner.Plan(loaded.Network).Steps.OfType<ConvStep>().ToDictionary(step => step.Layers[0], step => $"{step.Kernels[0].Tier} {step.Kernels[0].Family}"),
            Sensitivities = parsed.GetValue(_sensitivity) is string sensitivity ? SensitivityFile.Read(sensitivity) : null,
            Front = parsed.GetValue(_pareto) is string pareto ? ParetoFront.Read(pareto) : null,
            Latency = parsed.GetValue(_latencyTable) is string latency ? LatencyTable.Read(latency) : null,
        };
    }

    private static int Diff(string first, string second, bool json, Terminal terminal)
    {
        IReadOnlyList<CardDifference> differences = CardDifference.Between(
            CardBuilder.Build(InputFiles.LoadManifest(first).Network), CardBuilder.Build(InputFiles.LoadManifest(second).Network));
        int confounders = differences.Count(difference => difference.Confounder);
        if (json)
        {
            terminal.WriteJson(new DiffResult(confounders == 0, differences));
        }
        else
        {
            Table table = Tables.Create("field", "", first, second);
            foreach (CardDifference difference in differences)
            {
                table.AddRow(Markup.Escape(difference.Field), difference.Confounder ? "confounder" : "", Markup.Escape(difference.A), Markup.Escape(difference.B));
            }

            if (differences.Count > 0)
            {
                terminal.Write(table);
            }

            terminal.WriteLine(confounders == 0
                ? "No confounder differs: results on the same data can be compared."
                : $"{confounders} confounders differ: neither network can be called better by its results alone.");
        }

        return confounders == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    private static (EvaluationResult Result, string? Data) ReadEvaluation(string file)
    {
        InputFiles.RequireFile(file);
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = json.RootElement;
            double? Figure(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
            return (
                new EvaluationResult(root.GetProperty("images").GetInt32(), Figure("top1"), Figure("agreement"), Figure("sqnrDb"), Figure("kl"), Figure("floatTop1")),
                root.TryGetProperty("data", out JsonElement data) ? data.GetString() : null);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HawqException(HawqIds.FileAccess, "This is not the output of 'hawq evaluate --json'.", file, innerException: error);
        }
    }

    /// <summary>What <c>--diff --json</c> prints.</summary>
    private sealed record DiffResult(bool Comparable, IReadOnlyList<CardDifference> Differences);
}
