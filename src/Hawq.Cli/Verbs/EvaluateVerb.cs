using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Cli.Verification;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq evaluate MANIFEST</c>: runs the generated code over a labelled set, beside the float network if there is one.</summary>
internal sealed class EvaluateVerb : Verb
{
    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string?> _data = DataOptions.Data(required: true);
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _float = new("--float") { Description = "The float network (.onnx), to compare with: agreement, SQNR and KL of the logits.", HelpName = "MODEL.onnx" };
    private readonly Option<int?> _images = new("--images") { Description = "Only the first N inputs.", HelpName = "N" };
    private readonly Option<double?> _minTop1 = new("--min-top1") { Description = "Exit with code 3 when top-1 is below this percentage.", HelpName = "PERCENT" };
    private readonly Option<string?> _against = new("--against") { Description = "Also run onnxruntime on the network's QDQ export: differences of the logits in steps, and agreement.", HelpName = "PEER" };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "evaluate";

    /// <inheritdoc/>
    public override string Description => "Runs the generated code, compiled in memory, over a data set: accuracy, and distance from the float network.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq evaluate resnet20.hawq.json --data test_batch.bin", "Top-1 on a labelled set."),
        new("hawq evaluate resnet20.hawq.json --data test_batch.bin --float resnet20.onnx --json", "Also agreement, SQNR and KL against the float network."),
        new("hawq evaluate resnet20.hawq.json --data test_batch.bin --against onnxruntime", "The same network in ONNX Runtime, an implementation of its own: how far its logits are from ours."),
        new("hawq evaluate resnet20.hawq.json --data test_batch.bin --min-top1 91", "A gate for a build: exit code 3 below 91 %."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _data, _labels, _float, _images, _minTop1, _against, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        if (parsed.GetValue(_against) is { } against && against != BenchVerb.OnnxRuntime)
        {
            throw new HawqException(HawqIds.Usage, $"--against {against}: the peer is {BenchVerb.OnnxRuntime}.");
        }

        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        using IDataSet data = DataOptions.OpenFor(network, parsed.GetRequiredValue(_data)!, parsed.GetValue(_labels));
        int count = Math.Min(parsed.GetValue(_images) ?? data.Count, data.Count);
        if (count < 1)
        {
            throw new HawqException(HawqIds.Usage, "--images must be at least 1.");
        }

        double? minTop1 = parsed.GetValue(_minTop1);
        if (minTop1 is not null && data.Labels.Count == 0)
        {
            throw new HawqException(HawqIds.Usage, "--min-top1 needs a data set with labels.");
        }

        FloatGraph? graph = parsed.GetValue(_float) is { } floatModel ? InputFiles.LoadOnnx(floatModel) : null;
        (EvaluationResult result, double allocatedBytes, OnnxRuntimeResult? peer) = terminal.WithProgress(progress =>
        {
            float[][]? reference = null;
            if (graph is not null)
            {
                progress.Begin("float network", count);
                using FloatRunner runner = new(graph);
                reference = runner.Logits(data, count, progress, terminal.Cancellation);
            }

            progress.Begin("compile the generated code", 0);
            using GeneratedRunner generated = new(network, weights);
            using ExportedRunner? exported = parsed.GetValue(_against) is null ? null : new ExportedRunner(network, weights);
            LogitDifferences differences = new();
            float step = network.Tensor(network.Outputs[0]).Scale;
            EvaluationResult evaluated = NetworkEvaluation.Run(
                data, generated.Classes, (index, logits) =>
                {
                    generated.Logits(data, index, logits);
                    if (exported is not null)
                    {
                        differences.Add(logits, exported.Logits(data, index), step);
                    }
                }, reference, count, progress, terminal.Cancellation);
            return (evaluated, (double)generated.AllocatedBytes / generated.Inferences, exported is null ? null : differences.Result());
        });

        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(new EvaluateResult(
                network.Name, data.Name, result.Count, result.Top1, result.FloatTop1, result.Agreement, result.SqnrDb, result.Kl, allocatedBytes, peer));
        }
        else
        {
            terminal.WriteLine($"{network.Name} on {data.Name}: {result.Count} inputs");
            Print(terminal, "top-1", result.Top1, "%", "0.00");
            Print(terminal, "top-1, float", result.FloatTop1, "%", "0.00");
            Print(terminal, "agreement with float", result.Agreement, "%", "0.00");
            Print(terminal, "SQNR of the logits", result.SqnrDb, "dB", "0.00");
            Print(terminal, "KL from float", result.Kl, "nats", "0.00000");
            Print(terminal, "allocated per inference", allocatedBytes, "bytes", "0.##");
            if (peer is not null)
            {
                Print(terminal, peer);
            }
        }

        WarnOfGuessing(terminal, result, network.Tensor(network.Outputs[0]).Shape.Length);
        if (minTop1 is { } wanted && result.Top1 < wanted)
        {
            terminal.Error(new HawqException(
                HawqIds.Verification, string.Create(CultureInfo.InvariantCulture, $"Top-1 is {result.Top1:0.00} %, below the {wanted:0.00} % asked for.")));
            return ExitCode.Failed;
        }

        return ExitCode.Success;
    }

    /// <summary>A network that is right as often as a die has been given other inputs than it was trained on: the commonest mistake, and agreement with the float network hides it.</summary>
    private static void WarnOfGuessing(Terminal terminal, EvaluationResult result, int classes)
    {
        const int FewImages = 50, FewClasses = 5;
        if ((result.FloatTop1 ?? result.Top1) is { } top1 && top1 < 200.0 / classes && classes >= FewClasses && result.Count >= FewImages)
        {
            terminal.Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"{top1:0.00} % of {classes} classes is hardly better than guessing. Was the model trained with the preprocessing that 'hawq quantize --preprocess' was given, and are the labels its classes?"));
        }
    }

    private static void Print(Terminal terminal, OnnxRuntimeResult peer)
    {
        Print(terminal, "agreement with ONNX Runtime", peer.Agreement, "%", "0.00");
        Print(terminal, "inputs with equal logits", peer.IdenticalInputs, "%", "0.00");
        Print(terminal, "mean difference", peer.MeanSteps, "steps", "0.000");
        Table table = Tables.Create();
        table.AddColumns(Tables.Right("steps apart"), Tables.Right("logits"), Tables.Right("%"));
        foreach (StepShare share in peer.Distribution)
        {
            table.AddRow(share.Steps, Tables.Count(share.Logits), share.Percent.ToString("0.00", CultureInfo.InvariantCulture));
        }

        terminal.Write(table);
    }

    private static void Print(Terminal terminal, string name, double? value, string unit, string format)
    {
        if (value is { } number)
        {
            terminal.WriteLine($"  {name,-27} {number.ToString(format, CultureInfo.InvariantCulture),10} {unit}");
        }
    }

    /// <summary>What <c>--json</c> prints.</summary>
    private sealed record EvaluateResult(
        string Network, string Data, int Images, double? Top1, double? FloatTop1, double? Agreement, double? SqnrDb, double? Kl, double AllocatedBytes,
        OnnxRuntimeResult? Onnxruntime);
}
