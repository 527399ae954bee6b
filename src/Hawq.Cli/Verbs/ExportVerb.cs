using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq export MANIFEST -o MODEL.onnx</c>: the way back to ONNX.</summary>
internal sealed class ExportVerb : Verb
{
    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The ONNX model to write.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _int8 = new("--int8") { Description = "Write the INT8 twin: 8-bit activations and weights throughout, no clamps, as a usual INT8 tool chain would. For measuring speed, not accuracy." };
    private readonly Option<bool> _codes = new("--codes") { Description = "Let the graph input carry u8 codes instead of preprocessed float values." };

    /// <inheritdoc/>
    public override string Name => "export";

    /// <inheritdoc/>
    public override string Description => "Writes a quantized network as QDQ ONNX, so that ONNX Runtime can run the same network.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq export resnet20.hawq.json -o resnet20-qdq.onnx", "The same grids and clamps; logits differ only by rounding ties."),
        new("hawq export resnet20.hawq.json --int8 --codes -o resnet20-int8.onnx", "What 'hawq bench --against onnxruntime' measures."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _output, _int8, _codes];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        ExportOptions options = new(
            parsed.GetValue(_int8) ? ExportGrid.Int8Twin : ExportGrid.Exact, parsed.GetValue(_codes) ? ExportInput.Codes : ExportInput.Real);
        byte[] model = QdqExporter.Export(network, weights, options);
        string output = parsed.GetRequiredValue(_output);
        WholeFiles.Save(output, model);
        terminal.WriteLine($"{output}: {Tables.Count(model.Length)} bytes");
        return ExitCode.Success;
    }
}
