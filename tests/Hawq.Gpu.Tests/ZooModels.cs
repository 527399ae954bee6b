using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Lowering;
using Hawq.Testing.Onnx;
using Hawq.Testing.Onnx.Networks;

namespace Hawq.Gpu.Tests;

/// <summary>Networks that people deploy, random weights, through the real importer and quantizer.</summary>
internal static class ZooModels
{
    /// <summary>Quantizes a network as cheaply as possible: what its weights are does not matter here.</summary>
    /// <param name="network">The network.</param>
    /// <param name="bits">8/8, 4/4, or mixed: 4/4, 8/8 and 4/8 in turn. The first and the last layer have 8/8.</param>
    public static (Network Network, NetworkWeights Weights) Quantize(ZooNetwork network, string bits)
    {
        string path = Path.Combine(Path.GetTempPath(), $"hawq-gpu-{Guid.NewGuid():N}.onnx");
        try
        {
            network.Build().Save(path);
            FloatGraph graph = OnnxImporter.Load(path);
            using MemoryData data = MemoryData.Noise(graph.Shapes[graph.Input], 2);
            QuantizerOptions options = new() { Effort = Effort.Naive, Grids = new GridOptions(Assign(graph, bits)) };
            QuantizedModel model = Quantizer.Quantize(graph, data, options, network.Name + ".hawq.bin");
            return (model.Network with { Name = network.Name }, model.Weights);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static BitAssignment Assign(FloatGraph graph, string bits)
    {
        if (bits != "mixed")
        {
            return new BitAssignment(LayerBits.Parse(bits));
        }

        LayerBits[] turn = [LayerBits.Parse("4/4"), LayerBits.Parse("8/8"), LayerBits.Parse("4/8")];
        string[] layers = [.. graph.Nodes.Where(node => node is ConvNode or GemmNode).Select(node => node.Name)];
        return new BitAssignment(LayerBits.Eight)
        {
            Layers = layers[1..^1].Select((layer, i) => (layer, Bits: turn[i % turn.Length])).ToDictionary(pair => pair.layer, pair => pair.Bits),
        };
    }
}
