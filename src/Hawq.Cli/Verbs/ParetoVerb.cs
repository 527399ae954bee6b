using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq pareto MODEL.onnx</c>: size, BOPS or latency against the predicted and the measured loss.</summary>
internal sealed class ParetoVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _measure = new("--measure") { Description = "A labelled set: every point is quantized and measured on it.", HelpName = "DATA" };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<string> _cost = OneOf(new Option<string>("--cost") { Description = "size, bops or latency.", DefaultValueFactory = _ => CostNames.Bops }, CostNames.Size, CostNames.Bops, CostNames.Latency);
    private readonly Option<int> _steps = new("--steps") { Description = "Number of budgets, from the narrowest to the widest network.", HelpName = "N", DefaultValueFactory = _ => 9 };
    private readonly Option<int> _random = new("--random") { Description = "Instead of a front: the optimum at --alpha and N random assignments of the same budget; with --measure, how well the prediction ranks them.", HelpName = "N" };
    private readonly Option<decimal> _alpha = new("--alpha") { Description = "Budget of --random, from 0 to 1.", DefaultValueFactory = _ => 0.5m };
    private readonly Option<Effort> _effort = QuantizeVerb.EffortOption();
    private readonly Option<int?> _images = new("--images") { Description = "Largest number of calibration inputs.", HelpName = "N" };
    private readonly Option<string[]> _options = BitOptions.Create("What every layer may become, widest first.");
    private readonly SensitivityArgument _sensitivity = new();
    private readonly LatencyArguments _latency = new();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The file to write; a stopped run continues from it.", HelpName = "FILE", DefaultValueFactory = _ => "pareto.json" };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "pareto";

    /// <inheritdoc/>
    public override string Description => "The best bits for a row of budgets: what each saved byte, bit operation or microsecond costs in accuracy. Can be stopped and continued.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq pareto resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --measure test_batch.bin", "Nine BOPS budgets, each quantized and measured."),
        new("hawq pareto resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --measure test_batch.bin --random 20 --sensitivity hessian", "What the Hessian's prediction is worth."),
        new("hawq pareto resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --cost size --steps 5", "Predicted loss only: no network is quantized."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols =>
    [
        _model, _calibration, _measure, _labels, _preprocess, _cost, _steps, _random, _alpha, _options, _effort, _images, _sensitivity.Option, _output, _json,
        .. _latency.Options,
    ];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        int steps = parsed.GetValue(_steps);
        if (steps is < 2 or > 1000)
        {
            throw new HawqException(HawqIds.Usage, $"--steps {steps}: from 2 to 1000.");
        }

        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        Shape shape = graph.Shapes[graph.Input];
        using IDataSet data = DataSet.Open(parsed.GetRequiredValue(_calibration), null, shape, parsed.GetValue(_preprocess));
        using IDataSet? measure = parsed.GetValue(_measure) is string set ? DataSet.Open(set, parsed.GetValue(_labels), shape, parsed.GetValue(_preprocess)) : null;
        QuantizerOptions quantizer = new() { Effort = parsed.GetValue(_effort), CalibrationCount = parsed.GetValue(_images) };
        MixedPrecisionOptions search = new() { Options = BitOptions.Parse(parsed, _options), Latency = _latency.Read(parsed) };
        string output = parsed.GetRequiredValue(_output);
        SensitivityTable sensitivities = terminal.WithProgress(progress => _sensitivity.Get(
            parsed, graph, data, new SensitivityOptions { Options = search.Options, Images = quantizer.CalibrationCount, Effort = quantizer.Effort }, output, progress, terminal.Cancellation));
        string cost = parsed.GetRequiredValue(_cost);
        string key = Key(graph, data, measure, quantizer);
        int random = parsed.GetValue(_random);
        ParetoFront front = (random > 0
            ? ParetoFront.DrawRandom(graph, sensitivities, search, cost, parsed.GetValue(_alpha), random, key)
            : ParetoFront.Solve(graph, sensitivities, search, cost, steps, key)).Continue(File.Exists(output) ? ParetoFront.Read(output) : null);
        if (measure is not null)
        {
            front = Measure(front, graph, data, measure, quantizer, output, terminal);
        }

        WholeFiles.Save(output, front.Serialize());
        if (parsed.GetValue(_json))
        {
            terminal.Output.Write(System.Text.Encoding.UTF8.GetString(front.Serialize()));
        }
        else
        {
            Print(front, terminal);
            if (random > 0 && measure is not null)
            {
                PrintCorrelation(front, terminal);
            }

            terminal.Note($"wrote {output}");
        }

        return ExitCode.Success;
    }

    /// <summary>Everything that the measurement of an assignment depends on, by content: a stopped run continues under the same key only.</summary>
    private static string Key(FloatGraph graph, IDataSet data, IDataSet? measure, QuantizerOptions quantizer)
    {
        string Content(IDataSet set, int count) => DataSet.Hash(set, count, withLabels: ReferenceEquals(set, measure));
        return string.Join(
            "; ", graph.Sha256, Content(data, Math.Min(quantizer.EffectiveCalibrationCount, data.Count)), measure is null ? "not measured" : Content(measure, measure.Count), quantizer.Effort);
    }

    private static ParetoFront Measure(ParetoFront front, FloatGraph graph, IDataSet data, IDataSet measure, QuantizerOptions quantizer, string output, Terminal terminal) =>
        terminal.WithProgress(progress =>
        {
            using FloatRunner runner = new(graph);
            float[][] reference = runner.Logits(measure, measure.Count, null, terminal.Cancellation);
            progress.Begin("measure", front.Points.Count);
            for (int i = 0; i < front.Points.Count; i++)
            {
                ParetoPoint point = front.Points[i];
                if (point.Measured is null)
                {
                    QuantizerOptions options = quantizer with { Grids = quantizer.Grids with { Bits = front.BitsOf(point) } };
                    QuantizedModel model = Quantizer.Quantize(graph, data, options, "pareto.bin", null, terminal.Cancellation);
                    EvaluationResult result = NetworkEvaluation.Run(measure, model, reference, null, null, terminal.Cancellation);
                    front = front with { Points = front.Points.Select((other, k) => k == i ? other with { Measured = result } : other).ToEquatableArray() };
                    WholeFiles.Save(output, front.Serialize());
                }

                progress.Step(i + 1);
                progress.Tell(string.Create(CultureInfo.InvariantCulture, $"{front.Cost} {point.Cost:0}: {front.Points[i].Measured!.SqnrDb:0.0} dB"));
            }

            return front;
        });

    private static void Print(ParetoFront front, Terminal terminal)
    {
        Table table = Tables.Create();
        table.AddColumns(Tables.Right(front.Cost), Tables.Right("predicted"), Tables.Right("top-1"), Tables.Right("agree"), Tables.Right("SQNR"), Tables.Right("KL"));
        table.AddColumn("bits");
        foreach (ParetoPoint point in front.Points)
        {
            string bits = point.Uniform is LayerBits uniform ? $"uniform {uniform}" : string.Join(", ", point.Bits.GroupBy(b => b).OrderByDescending(g => g.Key.Weights * g.Key.Activations).Select(g => $"{g.Count()} at {g.Key}"));
            table.AddRow(
                Tables.Count((long)point.Cost), point.Objective.ToString("0.00E+0", CultureInfo.InvariantCulture), Number(point.Measured?.Top1, "0.00"),
                Number(point.Measured?.Agreement, "0.00"), Number(point.Measured?.SqnrDb, "0.00"), Number(point.Measured?.Kl, "0.00000"), bits);
        }

        terminal.Write(table);
    }

    private static void PrintCorrelation(ParetoFront front, Terminal terminal)
    {
        ParetoPoint[] random = [.. front.Points.Skip(1)];
        double[] predicted = [.. random.Select(point => point.Objective)];
        double[] kl = [.. random.Select(point => point.Measured!.Kl!.Value)], sqnr = [.. random.Select(point => point.Measured!.SqnrDb!.Value)];
        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"rank correlation of the prediction with the measured KL {RandomAssignments.RankCorrelation(predicted, kl):0.00}, with minus SQNR {RandomAssignments.RankCorrelation(predicted, [.. sqnr.Select(db => -db)]):0.00}"));
        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"SQNR of the optimum {front.Points[0].Measured!.SqnrDb:0.00} dB; of {random.Length} random ones: best {sqnr.Max():0.00}, mean {sqnr.Average():0.00}"));
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
