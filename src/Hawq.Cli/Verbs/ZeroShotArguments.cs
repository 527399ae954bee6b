using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Training.Gradients;
using Hawq.Training.ZeroShot;

namespace Hawq.Cli.Verbs;

/// <summary>The part of <c>hawq quantize</c> that is about calibration without data.</summary>
internal sealed class ZeroShotArguments
{
    /// <summary>The value of <c>--calibration</c> that asks for synthetic images.</summary>
    public const string ZeroShot = "zero-shot";

    /// <summary>The value of <c>--calibration</c> that asks for noise.</summary>
    public const string Noise = "noise";

    private readonly Option<StatisticsForm> _divergence = new("--divergence") { Description = "With --calibration zero-shot: how batch statistics are compared, squared or kl.", HelpName = "FORM" };
    private readonly Option<int?> _steps = new("--steps") { Description = "With --calibration zero-shot: optimization steps per batch of 64 images (100), or of the generator (400).", HelpName = "N" };
    private readonly Option<bool> _generator = new("--generator") { Description = "With --calibration zero-shot: train a small class-conditional generator that makes the images, instead of changing the pixels of each." };
    private readonly Option<int> _seed = new("--seed") { Description = "With --calibration zero-shot or noise: seed.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _saveImages = new("--save-images") { Description = "With --calibration zero-shot: write the images into FOLDER (a data set) and a contact sheet to FOLDER.png.", HelpName = "FOLDER" };

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_divergence, _generator, _steps, _seed, _saveImages];

    /// <summary>Whether <c>--calibration</c> asks for images that are made, not read.</summary>
    public static bool Applies(string calibration) => calibration is ZeroShot or Noise;

    /// <summary>Refuses options that only mean something without data.</summary>
    public void RefuseWithData(ParseResult parsed)
    {
        if (Options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new HawqException(HawqIds.Usage, $"{given.Name} belongs to --calibration {ZeroShot}.");
        }
    }

    /// <summary>How the synthetic images came out, once they are made.</summary>
    public ZeroShotResult? Result { get; private set; }

    /// <summary>Makes the images.</summary>
    /// <param name="parsed">Command line.</param>
    /// <param name="terminal">Progress and notes.</param>
    /// <param name="calibration">What <c>--calibration</c> says.</param>
    /// <param name="model">Path of the model.</param>
    /// <param name="shape">The network's input.</param>
    /// <param name="preprocess">What <c>--preprocess</c> says.</param>
    /// <param name="count">What <c>--images</c> says, or null.</param>
    public IDataSet Make(ParseResult parsed, Terminal terminal, string calibration, string model, Shape shape, string? preprocess, int? count)
    {
        Preprocess images = Preprocessing.Load(
            preprocess ?? throw new HawqException(HawqIds.Usage, $"--calibration {calibration} needs --preprocess: it says which values the network's input can take."), shape.Channels);
        int seed = parsed.GetValue(_seed);
        if (calibration == Noise)
        {
            terminal.Warn("calibration on noise is for contrast; expect little of it below 8 bits.");
            return SyntheticDataSet.Noise(shape, images, count ?? 256, seed);
        }

        ZeroShotOptions options = new() { Seed = seed, Form = parsed.GetValue(_divergence), Generator = parsed.GetValue(_generator), Steps = parsed.GetValue(_steps) };
        options = options with { Images = count ?? options.Images };
        if (options.Steps < 1)
        {
            throw new HawqException(HawqIds.Usage, "--steps must be at least 1.");
        }

        FloatGraph graph = OnnxImporter.LoadUnfolded(model);
        ZeroShotResult result = terminal.WithProgress(progress => ZeroShotCalibration.Synthesise(graph, images, options, progress, terminal.Cancellation));
        Result = result;
        if (parsed.GetValue(_saveImages) is { } folder)
        {
            using WholeFiles files = new();
            foreach ((string path, byte[] png) in SyntheticImages.Files(result.Images))
            {
                files.Add(Path.Combine(folder, path), png);
            }

            files.Add(Path.TrimEndingDirectorySeparator(folder) + ".png", SyntheticImages.ContactSheet(result.Images));
            files.Commit();
        }

        return result.Images;
    }
}
