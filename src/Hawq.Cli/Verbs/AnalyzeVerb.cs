using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Sensitivity;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq analyze MODEL.onnx</c>: how much every layer minds fewer bits.</summary>
internal sealed class AnalyzeVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<SensitivityMetric> _metric = new("--sensitivity") { Description = "Metric: kl (output KL with this one layer quantized), loss, mse, or hessian (HAWQ-V3's trace).", HelpName = "METRIC", DefaultValueFactory = _ => SensitivityMetric.Kl };
    private readonly Option<string[]> _options = BitOptions.Create("Bits to measure for every layer.");
    private readonly Option<int?> _images = new("--images") { Description = "Largest number of inputs; 256 by default, 1,000 for hessian.", HelpName = "N" };
    private readonly Option<Effort> _effort = QuantizeVerb.EffortOption();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The sensitivity file to write (.json); an unfinished one of the same model, data and settings is continued.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "analyze";

    /// <inheritdoc/>
    public override string Description => "Measures the sensitivity of every layer to every choice of bits: the objective of the mixed-precision search. Can be stopped and continued.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq analyze resnet20.onnx --calibration train_batch.bin --preprocess cifar10 -o sensitivity.json", "KL of the output, layer by layer; far better than the Hessian at ranking networks."),
        new("hawq analyze resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --sensitivity hessian -o hessian.json", "HAWQ-V3's Hessian traces, with their standard errors."),
        new("hawq quantize resnet20.onnx ... --bits mixed --budget bops=0.5 --sensitivity sensitivity.json -o mixed.hawq.json", "Use the result."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_model, _output, _calibration, _labels, _preprocess, _metric, _options, _images, _effort, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string output = parsed.GetRequiredValue(_output);
        SensitivityOptions options = new()
        {
            Metric = parsed.GetValue(_metric),
            Options = BitOptions.Parse(parsed, _options),
            Images = parsed.GetValue(_images),
            Effort = parsed.GetValue(_effort),
        };
        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        using IDataSet data = DataSet.Open(parsed.GetRequiredValue(_calibration), parsed.GetValue(_labels), graph.Shapes[graph.Input], parsed.GetValue(_preprocess));
        SensitivityTable? earlier = File.Exists(output) ? SensitivityFile.Read(output) : null;
        SensitivityTable table = terminal.WithProgress(progress => SensitivityAnalysis.Run(
            graph, data, options, earlier, done => WholeFiles.Save(output, SensitivityFile.Serialize(done)), progress, terminal.Cancellation));
        WholeFiles.Save(output, SensitivityFile.Serialize(table));
        if (parsed.GetValue(_json))
        {
            // The file's own JSON: one format to read.
            terminal.Output.Write(System.Text.Encoding.UTF8.GetString(SensitivityFile.Serialize(table)));
        }
        else
        {
            Print(table, options.Options, terminal);
            terminal.WriteLine($"{output}: {table.Layers.Count} layers");
        }

        return ExitCode.Success;
    }

    private static void Print(SensitivityTable sensitivities, IReadOnlyList<LayerBits> options, Terminal terminal)
    {
        Table table = Tables.Create("layer");
        foreach (LayerBits bits in options)
        {
            table.AddColumn(Tables.Right(bits.ToString()));
        }

        bool traces = sensitivities.Layers.Any(l => l.WeightTrace is not null);
        if (traces)
        {
            table.AddColumns(Tables.Right("weight trace"), Tables.Right("standard error"));
        }

        foreach (LayerSensitivity layer in sensitivities.Layers)
        {
            IEnumerable<string> values = options.Select(bits => Number(layer.Value(bits)));
            IEnumerable<string> trace = traces ? [Number(layer.WeightTrace?.Trace), Number(layer.WeightTrace?.StandardError)] : [];
            table.AddRow([Markup.Escape(layer.Layer), .. values, .. trace]);
        }

        terminal.Write(table);
    }

    private static string Number(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "";
}
