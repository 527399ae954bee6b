using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Cards;
using Hawq.Quantization.Data;
using Hawq.Training.Quantized;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq train MANIFEST --model MODEL.onnx --data DATA</c>: quantization-aware training of a finished manifest.</summary>
internal sealed class TrainVerb : Verb
{
    private const string ManifestEnding = ".json";

    private readonly Argument<string> _manifest = new("manifest") { Description = "Where to start: a manifest made by hawq quantize (.hawq.json)." };
    private readonly Option<string> _model = new("--model") { Description = "The float network (.onnx) that the manifest was made from.", HelpName = "MODEL.onnx", Required = true };
    private readonly Option<string[]> _data = new("--data") { Description = DataOptions.DataHelp + " Several are joined.", HelpName = "DATA", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<double> _distill = new("--distill") { Description = "Learn from the float network too: its weight among the targets, 0 to 1 (0.9 if no number is given); 1 needs no labels.", HelpName = "WEIGHT", Arity = ArgumentArity.ZeroOrOne, CustomParser = result => result.Tokens.Count == 0 ? .9 : Number(result.Tokens[0].Value) };
    private readonly Option<int> _steps = Whole("--steps", "Steps of the optimizer.", new TrainingOptions().Steps);
    private readonly Option<int> _batch = Whole("--batch", "Images per step, a multiple of 32 above that.", new TrainingOptions().BatchSize);
    private readonly Option<double> _rate = new("--rate") { Description = "Learning rate of weights, in steps of their grid per step of the optimizer.", HelpName = "RATE", DefaultValueFactory = _ => new TrainingOptions().Rate };
    private readonly Option<WeightTraining> _weights = new("--weights") { Description = "How weights become discrete: StraightThrough; for 2-bit weights also MeanField (proximal mean-field) or ProjectedGradient.", HelpName = "METHOD" };
    private readonly Option<bool> _binary = new("--binary") { Description = "2-bit weights become -1 and 1 only." };
    private readonly Option<bool> _noAugment = new("--no-augment") { Description = "Do not mirror and move images." };
    private readonly Option<int?> _images = new("--images") { Description = "Only the first N inputs.", HelpName = "N" };
    private readonly Option<double?> _minutes = new("--minutes") { Description = "Wall-clock limit; the learning rate falls in time for it.", HelpName = "MINUTES" };
    private readonly Option<int> _seed = Whole("--seed", "Seed of the order of images and of their augmentation.", 1);
    private readonly Option<string?> _checkpoint = new("--checkpoint") { Description = "Save the state here every 50 steps, and continue from it if it exists.", HelpName = "FILE" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The manifest to write; the weights go beside it.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "train";

    /// <inheritdoc/>
    public override string Description => "Trains a quantized network further, through exactly the integers that will be deployed (quantization-aware training). CPU only, no Python.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq train resnet20.hawq.json --model resnet20.onnx --data train_batch_*.bin --distill -o resnet20.trained.hawq.json", "Labels and the float network as targets."),
        new("hawq train resnet20.hawq.json --model resnet20.onnx --data photos/ --distill 1 --minutes 20 --checkpoint train.ckpt -o resnet20.trained.hawq.json", "No labels, twenty minutes, can be stopped and continued."),
        new("hawq train start.hawq.json --model resnet20.onnx --data train_batch.bin --weights MeanField --binary -o binary.hawq.json", "Binary weights by proximal mean-field, from a manifest of --bits 1/8."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _output, _model, _data, _labels, _distill, _steps, _batch, _rate, _weights, _binary, _noAugment, _images, _minutes, _seed, _checkpoint, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string output = parsed.GetRequiredValue(_output);
        if (!output.EndsWith(ManifestEnding, StringComparison.Ordinal))
        {
            throw new HawqException(HawqIds.Usage, $"The manifest '{output}' must end in .hawq.json (or .json).");
        }

        TrainingOptions options = Options(parsed);
        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        using IDataSet data = DataOptions.OpenFor(network, parsed.GetRequiredValue(_data), parsed.GetValue(_labels));
        string weightsFile = Path.GetFileName(output)[..^ManifestEnding.Length] + ".bin";
        TrainingResult result = terminal.WithProgress(
            progress => QuantizationAwareTraining.Run(network, weights, graph, data, options, weightsFile, progress, terminal.Cancellation));
        ManifestFile.Save(output, CardBuilder.Attach(result.Model.Network), result.Model.Sidecar);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(new TrainResult(output, weightsFile, result.Steps, result.FirstLoss, result.LastLoss, result.Elapsed.TotalSeconds));
        }
        else
        {
            terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{output}: {result.Steps} steps, loss {result.FirstLoss:0.0000} at the start, {result.LastLoss:0.0000} at the end, {result.Elapsed.TotalSeconds:0} s"));
        }

        return ExitCode.Success;
    }

    private TrainingOptions Options(ParseResult parsed)
    {
        TrainingOptions options = new()
        {
            Steps = parsed.GetValue(_steps), BatchSize = parsed.GetValue(_batch), Rate = parsed.GetValue(_rate), Distillation = parsed.GetValue(_distill),
            Weights = parsed.GetValue(_weights), Binary = parsed.GetValue(_binary), Augment = !parsed.GetValue(_noAugment), Images = parsed.GetValue(_images),
            Budget = parsed.GetValue(_minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null, Seed = parsed.GetValue(_seed), Checkpoint = parsed.GetValue(_checkpoint),
        };
        if (options.Steps < 1 || options.BatchSize < 1 || options.Images < 1 || (options.BatchSize > options.RunSize && options.BatchSize % options.RunSize != 0))
        {
            throw new HawqException(HawqIds.Usage, "--steps, --batch and --images must be at least 1, and --batch at most 32 or a multiple of it.");
        }

        return options.Distillation is >= 0 and <= 1 && options.Rate is > 0 and < 1 && options.Budget is not { Ticks: <= 0 }
            ? options
            : throw new HawqException(HawqIds.Usage, "--distill lies between 0 and 1, --rate above 0 and below 1, --minutes above 0.");
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN;

    private static Option<int> Whole(string name, string description, int standard) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };

    /// <summary>What <c>--json</c> prints.</summary>
    private sealed record TrainResult(string Manifest, string Weights, int Steps, double FirstLoss, double LastLoss, double Seconds);
}
