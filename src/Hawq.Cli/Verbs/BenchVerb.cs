using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Hawq.Cli.Benchmarking;
using Hawq.Cli.Frame;
using Hawq.Cli.Gpu;
using Hawq.Cli.Verification;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Planning;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq bench MANIFEST</c>: speed of the generated code, beside ONNX Runtime on the same network.</summary>
internal sealed class BenchVerb : Verb
{
    internal const string OnnxRuntime = "onnxruntime";
    private const string Baseline = "baseline";
    private const string Cpu = "cpu";
    private const int LayerRounds = 500;
    private const int FewestLayerRounds = 50;
    private const double LayersMs = 3000;

    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string?> _against = new("--against") { Description = "Also measure onnxruntime on the network's INT8 twin (8-bit weights and activations), or on a model of your own: onnxruntime=MODEL.onnx. Or baseline: the same network by plain INT8 kernels of ours (one widening per step, no int16 sums, no Winograd).", HelpName = "PEER" };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads of either side.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Measured turns of either side.", HelpName = "N", DefaultValueFactory = _ => 50 };
    private readonly Option<double> _warmup = new("--warmup") { Description = "Warm-up ends when nothing has got faster for so long.", HelpName = "SECONDS", DefaultValueFactory = _ => 1.5 };
    private readonly Option<bool> _layers = new("--layers") { Description = "Also time every step of the generated network, on one thread, beside the measured peak of its kernel." };
    private readonly Option<bool> _start = new("--start") { Description = "Also start processes of their own: time to the first logits, and peak memory." };
    private readonly Option<bool> _processor = new("--processor-time") { Description = "Measure the processor time of the process, not the time that passes: for a machine that is busy with other work." };
    private readonly Option<string> _device = new("--device") { Description = "cpu: measured here. t4-model: a model of the generated GPU kernels on an NVIDIA T4, computed from their PTX; needs no GPU and measures nothing.", HelpName = "DEVICE", DefaultValueFactory = _ => Cpu };
    private readonly Option<int> _batch = new("--batch") { Description = "Images of a batch, with --device t4-model.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<double?> _clock = new("--clock") { Description = "Clock of the multiprocessors, with --device t4-model: 1.59, the highest, unless said otherwise. A T4 at its power limit runs at about 0.9.", HelpName = "GHZ" };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "bench";

    /// <inheritdoc/>
    public override string Description => "Measures one inference of the generated code, batch 1: median and spread, taking turns with ONNX Runtime when asked to.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq bench resnet20.hawq.json", "Median, spread, allocated bytes."),
        new("hawq bench resnet20.hawq.json --against onnxruntime", "The same beside ONNX Runtime on the exported INT8 network; ratio above 1: ours is faster."),
        new("hawq bench resnet20.hawq.json --layers", "Where the time goes, step by step."),
        new("hawq bench resnet20-w4.hawq.json --against baseline", "What 4-bit weights gain over plain INT8 kernels; DOTNET_EnableAVX512=0 and its relatives choose the instruction set."),
        new("hawq bench resnet50.hawq.json --device t4-model --batch 8", "What the GPU kernels would take on a T4, launch by launch, and what bounds them: a model."),
        new("hawq bench resnet20.hawq.json --against onnxruntime=resnet20-int8.onnx --json", "Beside a model that another tool quantized."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _against, _threads, _layers, _start, _processor, _rounds, _warmup, _device, _batch, _clock, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        int threads = Positive(parsed, _threads);
        int rounds = Positive(parsed, _rounds);
        int batch = Positive(parsed, _batch);
        string? against = parsed.GetValue(_against);
        string device = parsed.GetRequiredValue(_device);
        if (device == T4Report.DeviceName)
        {
            return Model(parsed, batch, terminal);
        }

        if (device != Cpu || batch > 1 || parsed.GetValue(_clock) is not null)
        {
            throw new HawqException(HawqIds.Usage, device != Cpu ? $"--device {device}: the device is {Cpu} or {T4Report.DeviceName}." : $"{(batch > 1 ? "--batch" : "--clock")} needs --device {T4Report.DeviceName}.");
        }

        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        bool baseline = against == Baseline;
        (byte[] Model, string Name)? peerModel = against is null || baseline ? null : PeerModel(against, network, weights);
        using OnnxRuntimePeer? peer = peerModel is { } model ? new OnnxRuntimePeer(model.Model, model.Name, threads) : null;
        (Timing[] timings, IReadOnlyList<StepTime>? layers, Start[]? starts) = terminal.WithProgress<(Timing[], IReadOnlyList<StepTime>?, Start[]?)>(progress =>
        {
            progress.Begin("compile the generated code", 0);
            using GeneratedRunner generated = new(network, weights, threads);
            using GeneratedRunner? plain = baseline ? new(network, weights, threads, preference: new KernelPreference { Plain = true }) : null;
            progress.Begin("measure", rounds);
            List<Action> contestants = [generated.Infer];
            if (peer is not null)
            {
                contestants.Add(peer.Infer);
            }

            if (plain is not null)
            {
                contestants.Add(plain.Infer);
            }

            Timing[] measured = Interleaved.Measure(
                contestants, rounds, parsed.GetValue(_warmup) * 1000, done => progress.Step(done), terminal.Cancellation, parsed.GetValue(_processor));
            Start[]? started = null;
            if (parsed.GetValue(_start))
            {
                progress.Begin("start processes", StartProcess.Rounds);
                started = StartProcess.Measure(network, generated.Image, peerModel?.Model, threads, done => progress.Step(done), terminal.Cancellation);
            }

            if (!parsed.GetValue(_layers))
            {
                return (measured, null, started);
            }

            int layerRounds = Math.Clamp((int)(LayersMs / measured[0].MedianMs), FewestLayerRounds, LayerRounds);
            progress.Begin("layers", layerRounds);
            return (measured, StepTimes.Measure(network, weights, layerRounds, done => progress.Step(done), terminal.Cancellation), started);
        });

        BenchResult result = new(
            network.Name, Tier.OfThisProcess(), RuntimeInformation.FrameworkDescription, threads, timings[0],
            timings.Length > 1 && !baseline ? timings[1] : null, baseline ? timings[1] : null, peerModel?.Name,
            timings.Length > 1 ? timings[1].MedianMs / timings[0].MedianMs : null, layers,
            layers is null ? null : StepTime.ShareOfAll(layers.Where(layer => layer.Kernel?.Contains("winograd", StringComparison.Ordinal) is false)),
            starts?[0], starts?.Length > 1 ? starts[1] : null);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(result);
        }
        else
        {
            Print(result, terminal);
        }

        return ExitCode.Success;
    }

    private int Model(ParseResult parsed, int batch, Terminal terminal)
    {
        if (parsed.GetValue(_against) is not null || parsed.GetValue(_layers) || parsed.GetValue(_start) || parsed.GetValue(_processor))
        {
            throw new HawqException(HawqIds.Usage, $"--device {T4Report.DeviceName} measures nothing: it goes with --batch, --clock and --json only, and always shows the layers.");
        }

        double clock = parsed.GetValue(_clock) ?? T4.ClockGhz;
        if (!(clock is >= T4.BaseClockGhz and <= T4.ClockGhz))
        {
            throw new HawqException(HawqIds.Usage, string.Create(CultureInfo.InvariantCulture, $"--clock {clock}: a T4 runs at {T4.BaseClockGhz} to {T4.ClockGhz} GHz."));
        }

        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        T4Report report = terminal.WithProgress(progress => T4Report.Create(network, weights, batch, clock, progress, terminal.Cancellation));
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(report);
        }
        else
        {
            report.Print(terminal);
        }

        return ExitCode.Success;
    }

    private static (byte[] Model, string Name) PeerModel(string against, Network network, NetworkWeights weights)
    {
        string[] parts = against.Split('=', 2);
        if (parts[0] != OnnxRuntime)
        {
            throw new HawqException(HawqIds.Usage, $"--against {against}: the peer is {OnnxRuntime}, {OnnxRuntime}=MODEL.onnx or {Baseline}.");
        }

        if (parts.Length == 2)
        {
            InputFiles.RequireFile(parts[1]);
            return (File.ReadAllBytes(parts[1]), Path.GetFileName(parts[1]));
        }

        return (QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)), $"{network.Name}, INT8 twin");
    }

    private static void Print(BenchResult result, Terminal terminal)
    {
        terminal.WriteLine($"{result.Network}: {result.Tier}, {result.Runtime}, {result.Threads} thread(s), batch 1");
        Table table = Tables.Create("");
        table.AddColumns(Tables.Right("median ms"), Tables.Right("min"), Tables.Right("p10"), Tables.Right("p90"), Tables.Right("bytes allocated"));
        Add(table, "hawq", result.Hawq);
        if (result.Onnxruntime is { } peer)
        {
            Add(table, $"onnxruntime ({result.PeerModel})", peer);
        }

        if (result.Baseline is { } baseline)
        {
            Add(table, "baseline (plain INT8 kernels)", baseline);
        }

        terminal.Write(table);
        if (result.Layers is { } layers)
        {
            Print(layers, terminal);
        }

        if (result.DirectShareOfPeak is { } share)
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"direct convolutions reach {share:0.0 %} of the measured peaks of their kernels, weighted by their work"));
        }

        if (result.Start is { } start)
        {
            PrintStart("hawq", start, terminal);
        }

        if (result.PeerStart is { } peerStart)
        {
            PrintStart("onnxruntime", peerStart, terminal);
        }

        if (result.Ratio is { } ratio)
        {
            terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"ratio {ratio:0.000} ({(result.Baseline is null ? OnnxRuntime : Baseline)} / hawq; above 1: hawq is faster)"));
        }
    }

    private static void PrintStart(string name, Start start, Terminal terminal) => terminal.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name}: {start.MedianMs:0} ms from the start of a process to the first logits, peak memory {start.PeakBytes / 1e6:0.0} MB"));

    private static void Print(IReadOnlyList<StepTime> layers, Terminal terminal)
    {
        Table table = Tables.Create("step", "layers", "kernel");
        table.AddColumns(Tables.Right("MACs"), Tables.Right("median us"), Tables.Right("min us"), Tables.Right("share"), Tables.Right("GMAC/s"), Tables.Right("peak"), Tables.Right("of peak"));
        foreach (StepTime step in layers)
        {
            table.AddRow(
                Markup.Escape(step.Name), $"{step.Layers.Count}", step.Kernel ?? "", Tables.CountOrNothing(step.Macs), step.MedianUs.ToString("0.00", CultureInfo.InvariantCulture),
                step.MinUs.ToString("0.00", CultureInfo.InvariantCulture), step.Share.ToString("0.0 %", CultureInfo.InvariantCulture),
                step.GmacPerSecond?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                step.PeakGmacPerSecond?.ToString("0", CultureInfo.InvariantCulture) ?? "", step.ShareOfPeak?.ToString("0 %", CultureInfo.InvariantCulture) ?? "");
        }

        terminal.Write(table);
    }

    private static void Add(Table table, string name, Timing timing) => table.AddRow(
        Markup.Escape(name), Ms(timing.MedianMs), Ms(timing.MinMs), Ms(timing.P10Ms), Ms(timing.P90Ms), timing.AllocatedBytes.ToString("0.#", CultureInfo.InvariantCulture));

    private static string Ms(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static int Positive(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is > 0 and int value
        ? value
        : throw new HawqException(HawqIds.Usage, $"{option.Name} must be at least 1.");

    /// <summary>What <c>--json</c> prints.</summary>
    /// <param name="Network">Name of the network.</param>
    /// <param name="Tier">Instruction-set tier.</param>
    /// <param name="Runtime">.NET version.</param>
    /// <param name="Threads">Threads.</param>
    /// <param name="Hawq">Ours.</param>
    /// <param name="Onnxruntime">The peer's, when measured.</param>
    /// <param name="Baseline">The plain kernels', when measured.</param>
    /// <param name="PeerModel">What the peer ran.</param>
    /// <param name="Ratio">Peer's median / ours.</param>
    /// <param name="Layers">Time per step, with <c>--layers</c>.</param>
    /// <param name="DirectShareOfPeak">Share of the peak that direct convolutions reach, weighted by their work, with <c>--layers</c>.</param>
    /// <param name="Start">A process of its own, with <c>--start</c>.</param>
    /// <param name="PeerStart">The peer's.</param>
    private sealed record BenchResult(
        string Network, string Tier, string Runtime, int Threads, Timing Hawq, Timing? Onnxruntime, Timing? Baseline, string? PeerModel, double? Ratio,
        IReadOnlyList<StepTime>? Layers, double? DirectShareOfPeak, Start? Start, Start? PeerStart);
}
