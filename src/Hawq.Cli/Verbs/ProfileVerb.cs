using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Hawq.Cli.Benchmarking;
using Hawq.Cli.Frame;
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

/// <summary><c>hawq profile MODEL.onnx</c>: measured time per layer and choice of bits on this machine, for latency budgets.</summary>
internal sealed class ProfileVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "The float network (.onnx)." };
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<string[]> _options = BitOptions.Create("Bits to measure for every layer.");
    private readonly Option<int> _rounds = new("--rounds") { Description = "Samples per layer; the median is kept.", HelpName = "N", DefaultValueFactory = _ => 500 };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The latency table to write (.json).", HelpName = "FILE", Required = true };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "profile";

    /// <inheritdoc/>
    public override string Description => "Measures the nanoseconds of every layer at every choice of bits from the generated kernels on this machine: the costs of a latency budget.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq profile resnet20.onnx --calibration train_batch.bin --preprocess cifar10 -o latency.json", "8/8, 4/8 and 4/4, on the best instruction set that this machine has."),
        new("hawq quantize resnet20.onnx ... --bits mixed --budget latency=300us --latency-table latency.json -o mixed.hawq.json", "Use the result; a table measured on another machine works as well."),
    ];

    /// <inheritdoc/>
    public override void Configure(Command command)
    {
        command.Add(_model);
        foreach (Option option in new Option[] { _output, _calibration, _labels, _preprocess, _options, _rounds, _json })
        {
            command.Add(option);
        }
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
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
                QuantizedModel model = Quantizer.Quantize(graph, data, quantizer, "profile.bin", progress, terminal.Cancellation);
                progress.Begin($"measure {bits}", rounds);
                IReadOnlyList<StepTime> steps = StepTimes.Measure(model.Network, model.Weights, rounds, done => progress.Step(done), terminal.Cancellation);
                measured.AddRange(steps.Where(step => step.Kernel is not null).Select(step => new LayerLatency(step.Name, bits, Math.Round((decimal)(step.MedianUs * 1000)), step.Kernel)));
            }

            return measured;
        });
        LatencyTable table = new(
            graph.Name, graph.Sha256, Tier.OfThisProcess(), $"{RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}, 1 thread, batch 1", layers.ToEquatableArray());
        byte[] bytes = table.Serialize();
        string output = parsed.GetRequiredValue(_output);
        OutputFiles.Save(output, bytes);
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

    private static void Print(LatencyTable latencies, LayerBits[] options, Terminal terminal)
    {
        Table table = Tables.Create("layer");
        table.AddColumns([.. options.Select(bits => Tables.Right($"{bits} us"))]);
        foreach (string layer in latencies.Layers.Select(l => l.Layer).Distinct())
        {
            table.AddRow([Markup.Escape(layer), .. options.Select(bits => (latencies.Of(layer, bits) / 1000)?.ToString("0.00", CultureInfo.InvariantCulture) ?? "")]);
        }

        terminal.Write(table);
    }
}
