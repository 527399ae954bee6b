using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq ablate MODEL.onnx</c>: what each step of the quantizer gains on a network, as a Markdown table.</summary>
internal sealed class AblateVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _calibration = new("--calibration") { Description = DataOptions.DataHelp, HelpName = "DATA", Required = true };
    private readonly Option<string?> _data = DataOptions.Data(required: true);
    private readonly Option<string?> _preprocess = DataOptions.Preprocess();
    private readonly Option<string> _bits = new("--bits") { Description = "Bits of weights/activations of all layers but the first and the last.", HelpName = "W/A", DefaultValueFactory = _ => "4/4" };
    private readonly Option<string> _activations = OneOf(new Option<string>("--activations") { Description = "Range of 8-bit activations after ReLU: u7 or u8.", DefaultValueFactory = _ => "u7" }, "u7", "u8");

    /// <inheritdoc/>
    public override string Name => "ablate";

    /// <inheritdoc/>
    public override string Description => "Measures the quantizer's recipe with one step changed at a time: accuracy and distance from the float network.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq ablate resnet20.onnx --calibration train_batch.bin --data test_batch.bin --preprocess cifar10 --bits 4/4", "The table of docs/quantization.md."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_model, _calibration, _data, _preprocess, _bits, _activations];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        FloatGraph graph = InputFiles.LoadOnnx(parsed.GetRequiredValue(_model));
        using IDataSet calibration = DataSet.Open(parsed.GetRequiredValue(_calibration), null, graph.Shapes[graph.Input], parsed.GetValue(_preprocess));
        using IDataSet test = DataSet.Open(parsed.GetRequiredValue(_data)!, null, graph.Shapes[graph.Input], parsed.GetValue(_preprocess));
        QuantizerOptions options = new()
        {
            Grids = new GridOptions(new BitAssignment(LayerBits.Parse(parsed.GetRequiredValue(_bits)))) { UnsignedEightBitMaximum = parsed.GetValue(_activations) == "u8" ? 255 : 127 },
        };
        terminal.Output.WriteLine("| variant | top-1 | agreement | SQNR dB | KL |");
        terminal.Output.WriteLine("|---|---|---|---|---|");
        Ablation.Run(graph, calibration, test, options, row => terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {row.Variant} | {row.Result.Top1:F2} | {row.Result.Agreement:F2} | {row.Result.SqnrDb:F2} | {row.Result.Kl:F4} |")), terminal.Cancellation);
        return ExitCode.Success;
    }
}
