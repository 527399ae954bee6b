using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Cli.Verbs;

/// <summary><c>--sensitivity FILE|METRIC</c>: read from a file, or measured now and kept beside the output, so that the next run does not measure again.</summary>
/// <param name="condition">What stands before the description: when the option counts.</param>
internal sealed class SensitivityArgument(string condition = "")
{
    /// <summary>The option.</summary>
    public Option<string> Option { get; } = new("--sensitivity")
    {
        Description = condition + "a file made by 'hawq analyze', or a metric to measure now (kept beside the output, and continued from there): kl, loss, mse or hessian.",
        HelpName = "FILE|METRIC",
        DefaultValueFactory = _ => "kl",
    };

    /// <summary>The sensitivities.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="graph">The float network.</param>
    /// <param name="data">Inputs to measure with.</param>
    /// <param name="options">How to measure; the metric is replaced.</param>
    /// <param name="output">The file that is written in the end: measured values lie beside it, with the ending <c>.sensitivity.json</c>.</param>
    /// <param name="progress">Shows the measurement.</param>
    /// <param name="cancellation">Stops it; what is measured is kept.</param>
    public SensitivityTable Get(
        ParseResult parsed, FloatGraph graph, IDataSet data, SensitivityOptions options, string output, IProgressSink progress, CancellationToken cancellation)
    {
        string text = parsed.GetRequiredValue(Option);
        if (!Enum.TryParse(text, ignoreCase: true, out SensitivityMetric metric) || !Enum.IsDefined(metric))
        {
            InputFiles.RequireFile(text);
            return SensitivityFile.Read(text);
        }

        string kept = Path.ChangeExtension(output, ".sensitivity.json");
        SensitivityTable? earlier = File.Exists(kept) ? SensitivityFile.Read(kept) : null;
        return SensitivityAnalysis.Run(
            graph, data, options with { Metric = metric }, earlier, part => WholeFiles.Save(kept, SensitivityFile.Serialize(part)), progress, cancellation);
    }
}
