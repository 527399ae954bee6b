using System.CommandLine;
using System.Text;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq calibrate MODEL.onnx</c>: statistics of the float network over a part of the inputs, for <c>hawq quantize --statistics</c>.</summary>
internal sealed class CalibrateVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<int> _first = new("--first") { Description = "Index of the first input.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int?> _images = new("--images") { Description = "Largest number of inputs; all by default.", HelpName = "N" };
    private readonly Option<string?> _output = new("--output", "-o") { Description = "The statistics to write (.json).", HelpName = "FILE" };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "calibrate";

    /// <inheritdoc/>
    public override string Description => "Collects what calibration needs to know of the float network's values, over all inputs or a part of them. Parts are merged exactly, in any order, by hawq quantize --statistics.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq calibrate resnet20.onnx --calibration photos/ --preprocess imagenet --first 10000 --images 10000 -o shards/1.json", "The second of many shards, on any machine that reaches the images."),
        new("hawq quantize resnet20.onnx --statistics shards/ --effort naive -o resnet20.hawq.json", "All shards together."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_model, _calibration, _labels, _preprocess, _first, _images, _output, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string? output = parsed.GetValue(_output);
        if (output is null && !parsed.GetValue(_json))
        {
            throw new HawqException(HawqIds.Usage, "Where shall the statistics go? Give -o FILE, or --json for standard output.");
        }

        int first = parsed.GetValue(_first), images = parsed.GetValue(_images) ?? int.MaxValue;
        if (first < 0 || images < 1)
        {
            throw new HawqException(HawqIds.Usage, "--first must be at least 0, and --images at least 1.");
        }

        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        using IDataSet data = DataSet.Open(parsed.GetRequiredValue(_calibration), parsed.GetValue(_labels), graph.Shapes[graph.Input], parsed.GetValue(_preprocess));
        CalibrationStatistics statistics = terminal.WithProgress(progress => CalibrationStatistics.Collect(graph, data, first, images, progress, terminal.Cancellation));
        byte[] file = StatisticsFile.Serialize(statistics);
        if (output is not null)
        {
            WholeFiles.Save(output, file);
        }

        if (parsed.GetValue(_json))
        {
            terminal.Output.Write(Encoding.UTF8.GetString(file)); // the file's own JSON: one format to read
        }
        else
        {
            terminal.WriteLine($"{output}: {statistics.Values.Count} values over {statistics.Source}, {Tables.Count(file.Length)} bytes");
        }

        return ExitCode.Success;
    }
}
