using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Onnx;
using Hawq.Training.ZeroShot;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq doctor MODEL.onnx</c>: whether a model can be calibrated without data, and if not, what to do.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "doctor";

    /// <inheritdoc/>
    public override string Description => "Says whether a model still has the batch statistics that zero-shot calibration needs, and how to export it so that it has. Exit code 3: it has not.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq doctor resnet20.onnx", "Counts layers with weights and batch normalizations."),
        new("hawq quantize resnet20.onnx --calibration zero-shot --preprocess cifar10 --bits 4/8 -o resnet20.hawq.json", "What a healthy model can then do."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_model, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string model = parsed.GetRequiredValue(_model);
        InputFiles.RequireFile(model);
        FloatGraph graph = OnnxImporter.LoadUnfolded(model);
        ZeroShotReadiness readiness = ZeroShotReadiness.Of(graph);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(new DoctorResult(readiness.Ready, readiness.Layers, readiness.Normalizations.Count, readiness.Obstacle));
        }
        else
        {
            terminal.WriteLine($"{graph.Name}: {readiness.Layers} layers with weights, {readiness.Normalizations.Count} batch normalizations with statistics");
            terminal.WriteLine(readiness.Obstacle ?? "Zero-shot calibration is possible: hawq quantize --calibration zero-shot.");
        }

        return readiness.Ready ? ExitCode.Success : ExitCode.Failed;
    }

    /// <summary>What <c>--json</c> prints.</summary>
    private sealed record DoctorResult(bool ZeroShot, int Layers, int BatchNormalizations, string? Obstacle);
}
