using Hawq.Model;
using Hawq.Onnx;

namespace Hawq.Cli.Reports;

/// <summary>What <c>hawq inspect</c> prints; also the shape of its JSON.</summary>
/// <param name="Kind"><c>manifest</c> or <c>onnx</c>.</param>
/// <param name="Name">Name of the network.</param>
/// <param name="Source">Source model, its SHA-256 and opset.</param>
/// <param name="Input">Input tensor: name, shape, type.</param>
/// <param name="Outputs">Names of the outputs.</param>
/// <param name="Settings">Effective settings of the quantizer.</param>
/// <param name="Layers">Layer by layer.</param>
/// <param name="Totals">Sums.</param>
/// <param name="Notes">Remarks of the importer.</param>
internal sealed record InspectReport(
    string Kind, string Name, SourceReport Source, string Input, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, string> Settings,
    IReadOnlyList<LayerReport> Layers, TotalsReport Totals, IReadOnlyList<string> Notes)
{
    /// <summary>Kind of a quantized network.</summary>
    public const string Manifest = "manifest";

    /// <summary>Describes a quantized network.</summary>
    public static InspectReport Of(Network network)
    {
        Dictionary<string, Tensor> tensors = network.Tensors.ToDictionary(t => t.Name);
        Tensor input = tensors[network.Input.Tensor];
        LayerReport[] layers = [.. network.Layers.Select(l => LayerReport.Of(l, tensors))];
        return new InspectReport(
            Manifest, network.Name,
            new SourceReport(network.Provenance.Source, network.Provenance.SourceSha256, network.Provenance.Opset, network.Provenance.Tool),
            $"{input.Name} {input.Shape} {input.TypeName}", [.. network.Outputs],
            network.Provenance.Settings.ToDictionary(s => s.Name, s => s.Value), layers, TotalsReport.Of(layers, network.WeightsFile.Length), []);
    }

    /// <summary>Describes a float network.</summary>
    /// <param name="graph">The imported graph.</param>
    /// <param name="file">File name of the model.</param>
    public static InspectReport Of(FloatGraph graph, string file)
    {
        LayerReport[] layers = [.. graph.Nodes.Select(n => LayerReport.Of(n, graph.Shapes))];
        return new InspectReport(
            "onnx", graph.Name, new SourceReport(file, graph.Sha256, graph.Opset, null), $"{graph.Input} {graph.Shapes[graph.Input]} float",
            graph.Outputs, new Dictionary<string, string>(), layers, TotalsReport.Of(layers, null), graph.Notes);
    }
}

/// <summary>Where a network came from.</summary>
/// <param name="File">File name.</param>
/// <param name="Sha256">Of the source model.</param>
/// <param name="Opset">Of the source model.</param>
/// <param name="Tool">What wrote the manifest.</param>
internal sealed record SourceReport(string File, string Sha256, int Opset, string? Tool);

/// <summary>Sums over the layers.</summary>
/// <param name="Layers">Number of layers.</param>
/// <param name="Parameters">Weights and biases.</param>
/// <param name="Macs">Multiply-accumulates for one image.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="SidecarBytes">Length of the sidecar.</param>
/// <param name="AverageWeightBits">Bits per weight, by count of weights.</param>
/// <param name="Bops">Bit operations.</param>
internal sealed record TotalsReport(
    int Layers, long Parameters, long Macs, long WeightBytes, long? SidecarBytes, double? AverageWeightBits, long? Bops)
{
    /// <summary>Sums up.</summary>
    public static TotalsReport Of(IReadOnlyCollection<LayerReport> layers, long? sidecarBytes)
    {
        bool quantized = sidecarBytes is not null;
        long weights = layers.Sum(l => l.Weights);
        return new TotalsReport(
            layers.Count, layers.Sum(l => l.Parameters), layers.Sum(l => l.Macs), layers.Sum(l => l.WeightBytes), sidecarBytes,
            quantized && weights > 0 ? layers.Sum(l => (double)(l.WeightBits ?? 0) * l.Weights) / weights : null,
            quantized ? layers.Sum(l => l.Bops) : null);
    }
}
