using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Hawq.Cli.Benchmarking;
using Hawq.Cli.Frame;
using Hawq.Cli.Gpu;
using Hawq.Cli.Verification;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq profile MODEL.onnx</c>: the cost table: bytes, bit operations and measured time per layer and choice of bits.</summary>
internal sealed class ProfileVerb : Verb
{
    private const string ModelledT4 = "t4";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<string[]> _options = BitOptions.Create("Bits to measure for every layer.");
    private readonly Option<int> _rounds = new("--rounds") { Description = "Samples per layer; the median is kept.", HelpName = "N", DefaultValueFactory = _ => 500 };
    private readonly Option<string?> _target = new("--target") { Description = "Measure what a lesser machine would run: one of this machine's tiers (avx512, avx-vnni, avx2, sse4.1, scalar, ...), in a process that sees no other instructions. t4: an NVIDIA T4, modelled from the PTX of the GPU kernels (see gpu.md).", HelpName = "NAME" };
    private readonly Option<int> _batch = new("--batch") { Description = "Images of a batch, with --target t4; times are per image.", HelpName = "N", DefaultValueFactory = _ => 8 };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The latency table to write (.json).", HelpName = "FILE", Required = true };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "profile";

    /// <inheritdoc/>
    public override string Description => "The cost of every layer at every choice of bits: bytes, bit operations, and nanoseconds measured from the generated kernels on this machine.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq profile resnet20.onnx --calibration train_batch.bin --preprocess cifar10 -o latency.json", "8/8, 4/8 and 4/4, on the best instruction set that this machine has."),
        new("hawq profile resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --target avx2 -o avx2.json", "What a machine without AVX-512 and AVX-VNNI would run, at this machine's speed."),
        new("hawq profile resnet50.onnx --calibration images --preprocess imagenet --target t4 -o t4.json", "An NVIDIA T4, without one: modelled, at batch 8."),
        new("hawq quantize resnet20.onnx ... --bits mixed --budget latency=300us --latency-table latency.json -o mixed.hawq.json", "Use the result; a table measured on another machine works as well."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_model, _output, _calibration, _labels, _preprocess, _options, _rounds, _target, _batch, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        bool modelled = string.Equals(parsed.GetValue(_target), ModelledT4, StringComparison.OrdinalIgnoreCase);
        int batch = parsed.GetValue(_batch);
        if (batch < 1)
        {
            throw new HawqException(HawqIds.Usage, "--batch must be at least 1.");
        }

        if (!modelled && parsed.GetValue(_target) is string target && !Tier.SameName(target, Tier.OfThisProcess()))
        {
            return TierProcess.Rerun(Tier.Find(target), WithoutTarget(parsed), terminal);
        }

        LayerBits[] options = BitOptions.Parse(parsed, _options);
        int rounds = parsed.GetValue(_rounds);
        if (rounds < 1)
        {
            throw new HawqException(HawqIds.Usage, "--rounds must be at least 1.");
        }

        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        using IDataSet data = DataSet.Open(parsed.GetRequiredValue(_calibration), parsed.GetValue(_labels), graph.Shapes[graph.Input], parsed.GetValue(_preprocess));
        List<LayerLatency> layers = terminal.WithProgress(progress =>
        {
            List<LayerLatency> measured = [];
            foreach (LayerBits bits in options)
            {
                // Every layer at these bits, first and last included: the search decides what it forces.
                QuantizerOptions quantizer = new() { Grids = new GridOptions(new BitAssignment(bits) { First = bits, Last = bits }), Effort = Effort.Fast };
                progress.Begin($"quantize {bits}", 0);
                QuantizedModel model = Quantizer.Quantize(graph, data, quantizer, "profile.bin", null, terminal.Cancellation);
                IEnumerable<(string Name, double Nanoseconds, string? Kernel)> times = modelled
                    ? Modelled(T4Report.Create(model.Network, model.Weights, batch, T4.ClockGhz, progress, terminal.Cancellation))
                    : Measure(model, bits, rounds, progress, terminal.Cancellation);
                measured.AddRange(times.Select(time =>
                {
                    FloatNode layer = graph.Nodes.First(node => node.Name == time.Name);
                    return new LayerLatency(
                        time.Name, bits, Math.Round((decimal)time.Nanoseconds), time.Kernel, LayerCosts.Bytes(layer, bits), LayerCosts.Bops(graph, layer, bits));
                }));
            }

            return measured;
        });
        LatencyTable table = new(
            graph.Name, graph.Sha256, modelled ? ModelledT4 : Tier.OfThisProcess(),
            modelled ? $"modelled from PTX, nothing was measured; batch {batch}" : $"{RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}, 1 thread, batch 1",
            layers.ToEquatableArray());
        byte[] bytes = table.Serialize();
        string output = parsed.GetRequiredValue(_output);
        WholeFiles.Save(output, bytes);
        if (parsed.GetValue(_json))
        {
            terminal.Output.Write(System.Text.Encoding.UTF8.GetString(bytes));
        }
        else
        {
            Print(table, options, terminal);
            terminal.WriteLine($"{output}: target {table.Target}");
        }

        return ExitCode.Success;
    }

    private static IEnumerable<(string Name, double Nanoseconds, string? Kernel)> Measure(
        QuantizedModel model, LayerBits bits, int rounds, IProgressSink progress, CancellationToken cancellation)
    {
        progress.Begin($"measure {bits}", rounds);
        return StepTimes.Measure(model.Network, model.Weights, rounds, done => progress.Step(done), cancellation)
            .Where(step => step.Kernel is not null)
            .Select(step => (step.Name, step.MedianUs * 1000, step.Kernel));
    }

    /// <summary>Per image; a launch that computes two layers is shared by them.</summary>
    private static IEnumerable<(string Name, double Nanoseconds, string? Kernel)> Modelled(T4Report report) => report.Launches.SelectMany(
        launch => launch.Shares, (launch, layer) => (layer.Key, launch.Microseconds * layer.Value * 1000 / report.Batch, (string?)launch.Kernel));

    /// <summary>The command line of the process that sees only the target's instructions.</summary>
    private string[] WithoutTarget(ParseResult parsed)
    {
        List<string> tokens = [.. parsed.Tokens.Select(token => token.Value)];
        int at = tokens.IndexOf(_target.Name);
        tokens.RemoveRange(at, 2);
        return [.. tokens];
    }

    private static void Print(LatencyTable costs, LayerBits[] options, Terminal terminal)
    {
        Table table = Tables.Create("layer");
        foreach ((string unit, _) in s_columns)
        {
            table.AddColumns([.. options.Select(bits => Tables.Right($"{bits} {unit}"))]);
        }

        foreach (IGrouping<string, LayerLatency> layer in costs.Layers.GroupBy(entry => entry.Layer))
        {
            AddRow(layer.Key, layer);
        }

        AddRow("all", costs.Layers);
        terminal.Write(table);

        void AddRow(string name, IEnumerable<LayerLatency> entries) => table.AddRow(
        [
            Markup.Escape(name),
            .. s_columns.SelectMany(column => options.Select(bits => entries.Where(entry => entry.Bits == bits).Sum(column.Value).ToString("#,0.##", s_numbers))),
        ]);
    }

    private static readonly NumberFormatInfo s_numbers = new() { NumberGroupSeparator = " " };

    private static readonly (string Unit, Func<LayerLatency, decimal> Value)[] s_columns =
        [("us", entry => entry.Nanoseconds / 1000), ("bytes", entry => entry.Bytes ?? 0), ("MBOPS", entry => (entry.Bops ?? 0) / 1_000_000)];
}
