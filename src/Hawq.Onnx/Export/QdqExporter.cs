using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Export;

/// <summary>
/// Writes a quantized network as an ONNX model in QDQ form: every tensor passes through a QuantizeLinear/DequantizeLinear pair, weights are
/// integers with a DequantizeLinear per output channel. ONNX Runtime fuses the pairs into QLinearConv and its relatives.
/// </summary>
public static class QdqExporter
{
    /// <summary>Opset that has 16-bit and 4-bit quantization.</summary>
    private const int WideOpset = 21;

    /// <summary>Oldest opset with per-channel DequantizeLinear.</summary>
    private const int PlainOpset = 13;

    /// <summary>Exports a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="options">What to write.</param>
    /// <returns>The bytes of the .onnx file; the same network gives the same bytes.</returns>
    /// <exception cref="HawqException">A layer or a tensor has no ONNX counterpart (<see cref="HawqIds.OnnxUnsupported"/>).</exception>
    public static byte[] Export(Network network, NetworkWeights weights, ExportOptions options)
    {
        OnnxWriter writer = new(network.Name);
        Dictionary<string, ExportedGrid> grids = ExportGridPlan.Choose(network, options.Grid);
        bool wide = options.Grid == ExportGrid.Exact
            && (grids.Values.Any(g => !g.IsByte && !g.IsReal) || network.Layers.OfType<LinearLayer>().Any(l => l.Weights.Bits < 8));
        QdqGraph graph = new(network, weights, writer, grids, options);
        graph.Write();
        return writer.ToBytes(wide ? WideOpset : PlainOpset, network.Provenance.Tool);
    }
}
