using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Cards;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Training.ZeroShot;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq quantize MODEL.onnx</c>: a float network and unlabelled inputs become a manifest and its sidecar.</summary>
internal sealed class QuantizeVerb : Verb
{
    private const string ManifestEnding = ".json";
    private const string Mixed = "mixed";

    private readonly Argument<string> _model = new("model") { Description = "The network (.onnx): float, or already quantized (QDQ or QOperator)." };
    private readonly Option<string?> _calibration = new("--calibration") { Description = DataOptions.DataHelp + " Or zero-shot: images made from the statistics in the model. A float network needs it; one that is already quantized has its scales.", HelpName = "DATA" };
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<int?> _images = new("--images") { Description = "Largest number of calibration inputs, from the start of the set; 256 by default, 512 with --effort best.", HelpName = "N" };
    private readonly Option<Effort> _effort = EffortOption();
    private readonly Option<string> _bits = new("--bits") { Description = "Bits of weights/activations: 8/8, 4/8 or 4/4; or mixed, chosen per layer under --budget. First and last layer stay 8/8 unless --set says otherwise.", HelpName = "W/A|mixed", DefaultValueFactory = _ => "8/8" };
    private readonly Option<string[]> _set = new("--set") { Description = "Bits of one layer, for example --set conv1=4/8. May be repeated.", HelpName = "LAYER=W/A" };
    private readonly Option<string> _activations = OneOf(new Option<string>("--activations") { Description = "Range of 8-bit activations after ReLU: u7 is [0, 127] (HAWQ-V3; the fastest kernels), u8 is [0, 255].", DefaultValueFactory = _ => "u7" }, "u7", "u8");
    private readonly Option<int> _residual = new("--residual") { Description = "Bits of the residual grid: 16 (HAWQ-V3) or 8.", HelpName = "BITS", DefaultValueFactory = _ => 16 };
    private readonly Option<string> _residualScale = OneOf(new Option<string>("--residual-scale") { Description = "Scales of the residual grid: own, one for every sum; or stage, one for all sums that identity shortcuts connect, so that shortcuts need no multiplier (faster; 16 bits only).", DefaultValueFactory = _ => "own" }, "own", "stage");
    private readonly Option<string> _multipliers = OneOf(new Option<string>("--multipliers") { Description = "long: multipliers of 31 bits. short: of as many bits, at least 12, as 32-bit products with the accumulators leave; layers with 4-bit weights get faster.", DefaultValueFactory = _ => "long" }, "long", "short");
    private readonly Option<string> _output = new("--output", "-o") { Description = "The manifest to write, for example net.hawq.json; the weights go beside it into net.hawq.bin.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _json = JsonOption();
    private readonly RecipeArguments _recipe = new();
    private readonly MixedPrecisionArguments _mixed = new();
    private readonly ZeroShotArguments _zeroShot = new();
    private readonly StatisticsArguments _statistics = new();

    /// <inheritdoc/>
    public override string Name => "quantize";

    /// <inheritdoc/>
    public override string Description => "Turns a float ONNX network into an integer-only manifest and its weights. Needs a few hundred inputs, no labels.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq quantize resnet20.onnx --calibration train_batch.bin --preprocess cifar10 -o resnet20.hawq.json", "8-bit weights and activations, calibrated on the first 256 images of a CIFAR-10 file."),
        new("hawq quantize resnet18.onnx --calibration photos/ --preprocess imagenet --bits 4/8 --images 512 -o resnet18.hawq.json", "4-bit weights, 8-bit activations, calibrated on a folder of images."),
        new("hawq quantize resnet20.onnx --calibration train_batch.bin --preprocess cifar10 --bits mixed --budget bops=0.5 -o mixed.hawq.json", "Bits per layer from the integer linear program, at half of the way from 4-bit to 8-bit BOPS."),
        new("hawq quantize resnet50-qdq.onnx --preprocess imagenet -o resnet50.hawq.json", "A model that another tool quantized, with its own scales and weights."),
        new("hawq quantize resnet20.onnx --calibration zero-shot --preprocess cifar10 --save-images synthetic -o resnet20.hawq.json", "No data at all: images are synthesised from the batch statistics in the model."),
        new("hawq quantize resnet20.onnx --statistics shards/ --effort naive -o resnet20.hawq.json", "From statistics that hawq calibrate has collected, here or on many machines."),
        new("hawq quantize kws.onnx --calibration x.npy --bits 4/8 --set conv_2d_0=8/8 -o kws.hawq.json", "Inputs that are not images, and one layer kept at 8 bits."),
    ];

    /// <summary><c>--effort</c>, for all verbs that quantize.</summary>
    public static Option<Effort> EffortOption() => new("--effort")
    {
        Description = "How much work goes into rounding: naive, fast, balanced or best. 8 bits need little, 4 bits gain much.",
        HelpName = "LEVEL",
        DefaultValueFactory = _ => Effort.Balanced,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols =>
    [
        _model, _output, _calibration, _labels, _preprocess, _images, _effort, _bits, _set, _activations, _residual, _residualScale, _multipliers, .. _recipe.Options, _json,
        .. _mixed.Options, .. _zeroShot.Options, _statistics.Option,
    ];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string output = parsed.GetRequiredValue(_output);
        if (!output.EndsWith(ManifestEnding, StringComparison.Ordinal))
        {
            throw new HawqException(HawqIds.Usage, $"The manifest '{output}' must end in .hawq.json (or .json).");
        }

        bool mixed = parsed.GetValue(_bits) == Mixed;
        if (!mixed)
        {
            _mixed.RefuseWithoutMixed(parsed);
        }

        string model = parsed.GetRequiredValue(_model);
        QuantizerOptions options = Options(parsed, mixed ? LayerBits.Eight : LayerBits.Parse(parsed.GetRequiredValue(_bits)));
        FloatGraph graph = InputFiles.LoadOnnx(model);
        foreach (string note in graph.Notes)
        {
            terminal.Note($"note: {note}");
        }

        if (Quantizer.IsQuantized(graph))
        {
            return Import(parsed, terminal, graph, output);
        }

        string weightsFile = WeightsFile(output);
        CalibrationStatistics? statistics = _statistics.Load(parsed, mixed);
        if (statistics is not null && parsed.GetValue(_calibration) is null)
        {
            StatisticsArguments.RefuseWithoutData(parsed, _labels, _preprocess, _images);
            return Save(parsed, terminal, output, Quantizer.Quantize(graph, statistics, options with { Labels = statistics.ClassNames }, weightsFile));
        }

        string calibration = parsed.GetValue(_calibration) ?? throw new HawqException(
            HawqIds.Usage, $"{model} is a float network: give --calibration DATA, a few hundred inputs like those that the network will see.");
        using IDataSet data = OpenOrMake(parsed, terminal, calibration, model, graph.Shapes[graph.Input]);
        if (data.ClassNames.Count > 0)
        {
            options = options with { Labels = data.ClassNames };
        }

        (QuantizedModel quantized, MixedPrecisionResult? search) = terminal.WithProgress<(QuantizedModel, MixedPrecisionResult?)>(progress =>
        {
            if (!mixed)
            {
                return (Quantizer.Quantize(graph, data, options, weightsFile, progress, terminal.Cancellation, statistics), null);
            }

            MixedPrecisionResult result = _mixed.Run(parsed, graph, data, options, output, weightsFile, progress, terminal.Cancellation);
            return (result.Model, result);
        });
        terminal.Cancellation.ThrowIfCancellationRequested();
        if (search is not null && !parsed.GetValue(_json))
        {
            MixedPrecisionArguments.Print(search, terminal);
        }

        return Save(parsed, terminal, output, quantized, search);
    }

    private IDataSet OpenOrMake(ParseResult parsed, Terminal terminal, string calibration, string model, Shape shape)
    {
        if (ZeroShotArguments.Applies(calibration))
        {
            return _zeroShot.Make(parsed, terminal, calibration, model, shape, parsed.GetValue(_preprocess), parsed.GetValue(_images));
        }

        _zeroShot.RefuseWithData(parsed);
        return DataSet.Open(calibration, parsed.GetValue(_labels), shape, parsed.GetValue(_preprocess));
    }

    /// <summary>A model that came quantized says everything itself.</summary>
    private int Import(ParseResult parsed, Terminal terminal, FloatGraph graph, string output)
    {
        foreach (Option option in (Option[])[_calibration, _labels, _images, _effort, _bits, _set, _activations, _residual, _residualScale, _multipliers, _statistics.Option, .. _recipe.Options])
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                throw new HawqException(HawqIds.Usage, $"{parsed.GetValue(_model)} is already quantized, and its own scales and bits are used: leave out {option.Name}.");
            }
        }

        Preprocess? preprocess = parsed.GetValue(_preprocess) is { } name ? Preprocessing.Load(name, graph.Shapes[graph.Input].Channels) : null;
        return Save(parsed, terminal, output, terminal.WithProgress(progress => Quantizer.Import(graph, WeightsFile(output), preprocess, progress: progress)));
    }

    private static string WeightsFile(string manifest) => Path.GetFileName(manifest)[..^ManifestEnding.Length] + ".bin";

    private int Save(ParseResult parsed, Terminal terminal, string output, QuantizedModel model, MixedPrecisionResult? search = null)
    {
        string weightsFile = WeightsFile(output);
        ManifestFile.Save(output, CardBuilder.Attach(model.Network), model.Sidecar);
        long manifestBytes = new FileInfo(output).Length;
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(new QuantizeResult(
                output, weightsFile, manifestBytes, model.Sidecar.Length, model.Network.Layers.Count,
                [.. model.Layers.Select(layer => new LayerResult(layer.Name, layer.Bits.ToString(), layer.SqnrDb, layer.LossRatio, layer.Steps.ToDictionary(step => step.Step, step => step.GainDb)))],
                search is null ? null : MixedPrecisionArguments.Candidates(search), ImagesResult.Of(_zeroShot.Result)));
        }
        else
        {
            if (ImagesResult.Of(_zeroShot.Result) is { } images)
            {
                terminal.WriteLine(FormattableString.Invariant(
                    $"{images.Images} synthetic images: {images.ClassifiedAsMeant:0.0} % are classified as their class; statistics loss {images.StatisticsOfNoise:0.000} of noise, {images.Statistics:0.000} of the images"));
            }

            terminal.WriteLine(
                $"{output}: {model.Network.Layers.Count} layers, {Tables.Count(manifestBytes)} bytes; {weightsFile}: {Tables.Count(model.Sidecar.Length)} bytes of weights");
        }

        return ExitCode.Success;
    }

    private QuantizerOptions Options(ParseResult parsed, LayerBits bits)
    {
        int? images = parsed.GetValue(_images);
        if (images < 1)
        {
            throw new HawqException(HawqIds.Usage, $"--images {images}: at least one calibration input is needed.");
        }

        int residual = parsed.GetValue(_residual);
        if (residual is not (8 or 16))
        {
            throw new HawqException(HawqIds.Usage, $"--residual {residual}: the residual grid has 8 or 16 bits.");
        }

        bool stage = parsed.GetValue(_residualScale) == "stage";
        if (stage && residual != 16)
        {
            throw new HawqException(HawqIds.Usage, $"--residual-scale stage: sums that share a scale need 16 bits, and --residual {residual} has no bits to spare. Leave out one of them.");
        }

        Dictionary<string, LayerBits> layers = [];
        foreach (string setting in parsed.GetValue(_set) ?? [])
        {
            int equals = setting.LastIndexOf('=');
            if (equals < 1)
            {
                throw new HawqException(HawqIds.Usage, $"--set {setting}: write LAYER=W/A, for example conv1=4/8.");
            }

            layers[setting[..equals]] = LayerBits.Parse(setting[(equals + 1)..]);
        }

        return _recipe.Apply(parsed, new QuantizerOptions
        {
            Grids = new GridOptions(new BitAssignment(bits) { Layers = layers })
            {
                UnsignedEightBitMaximum = parsed.GetValue(_activations) == "u8" ? 255 : 127,
                ResidualBits = residual,
                ResidualScale = stage ? ResidualScale.Stage : ResidualScale.Own,
                ShortMultipliers = parsed.GetValue(_multipliers) == "short",
            },
            CalibrationCount = images,
            Effort = parsed.GetValue(_effort),
        });
    }

    /// <summary>What <c>--json</c> prints.</summary>
    private sealed record QuantizeResult(
        string Manifest, string Weights, long ManifestBytes, long WeightBytes, int Layers, LayerResult[] Quantized, CandidateResult[]? Candidates, ImagesResult? ZeroShot);

    /// <summary>What became of a layer with weights, on the calibration inputs; gains of the recipe's steps in dB.</summary>
    private sealed record LayerResult(string Name, string Bits, double SqnrDb, double LossRatio, Dictionary<string, double> Gains);

    /// <summary>The part about synthetic images.</summary>
    private sealed record ImagesResult(int Images, double ClassifiedAsMeant, double StatisticsOfNoise, double Statistics)
    {
        public static ImagesResult? Of(ZeroShotResult? result) =>
            result is null ? null : new(result.Images.Count, 100 * result.Agreement, result.StatisticsBefore, result.StatisticsAfter);
    }
}
