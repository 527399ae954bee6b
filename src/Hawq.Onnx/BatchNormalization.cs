using Hawq.Model;
using Hawq.Onnx.Operators;
using Hawq.Onnx.Passes;

namespace Hawq.Onnx;

/// <summary>From a graph with <see cref="BatchNormalizationNode"/>s to the normal form without.</summary>
public static class BatchNormalization
{
    /// <summary>
    /// Folds every batch normalization into the layer before it (or leaves a depthwise 1 x 1 convolution where there is none): the same
    /// graph that <see cref="OnnxImporter.Load(string)"/> makes.
    /// </summary>
    public static FloatGraph Fold(FloatGraph graph)
    {
        List<FloatNode> nodes = [.. graph.Nodes.Select(node => node is BatchNormalizationNode normalization ? Affine(normalization) : node)];
        Dictionary<string, Shape> shapes = new(graph.Shapes, StringComparer.Ordinal);
        AffineFolding.Run(nodes, shapes, graph.Outputs);
        return graph with { Nodes = nodes, Shapes = shapes };
    }

    private static ConvNode Affine(BatchNormalizationNode node)
    {
        (float[] factors, float[] offsets) = node.Affine();
        return ChannelAffine.Node(node.Name, node.Input, node.Output, factors, offsets);
    }
}
