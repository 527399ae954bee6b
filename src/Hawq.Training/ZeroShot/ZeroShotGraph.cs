using Hawq.Model;
using Hawq.Onnx;
using Hawq.Training.Gradients;

namespace Hawq.Training.ZeroShot;

/// <summary>What a batch of images is judged by, on a tape: cross entropy with the wanted classes, divergence of the statistics, roughness.</summary>
/// <param name="Logits">[N, classes].</param>
/// <param name="CrossEntropy">Mean cross entropy.</param>
/// <param name="Statistics">Divergence of the statistics, mean over batch normalizations.</param>
/// <param name="Loss">The weighted sum.</param>
internal sealed record ZeroShotGraph(TapeValue Logits, TapeValue CrossEntropy, TapeValue Statistics, TapeValue Loss)
{
    /// <summary>Writes the network and the losses.</summary>
    /// <param name="tape">Where to.</param>
    /// <param name="graph">The network with its batch normalizations. Each is compared with what its own input carries: no order is assumed.</param>
    /// <param name="images">[N, C, H, W].</param>
    /// <param name="targets">[N, classes], one-hot.</param>
    /// <param name="options">Weights and form.</param>
    public static ZeroShotGraph Write(Tape tape, FloatGraph graph, TapeValue images, TapeValue targets, ZeroShotOptions options)
    {
        IReadOnlyDictionary<string, TapeValue> values = FloatGraphTape.Write(tape, graph, images);
        TapeValue logits = tape.Flatten(values[graph.Outputs[0]]);
        TapeValue[] divergences =
        [
            .. graph.Nodes.OfType<BatchNormalizationNode>()
                .Select(node => tape.StatisticsDivergence(values[node.Input], node.Mean, node.Variance, node.Epsilon, options.Form)),
        ];
        TapeValue statistics = tape.Scale(tape.Total(divergences), 1.0 / divergences.Length);
        TapeValue entropy = tape.CrossEntropy(logits, targets);
        TapeValue loss = tape.Total([statistics, tape.Scale(entropy, options.EffectiveClassWeight), tape.Scale(tape.Roughness(images), options.SmoothnessWeight)]);
        return new ZeroShotGraph(logits, entropy, statistics, loss);
    }

    /// <summary>Number of classes of a network: elements of its first output.</summary>
    public static int Classes(FloatGraph graph) => graph.Shapes[graph.Outputs[0]].Length;

    /// <summary>One-hot rows.</summary>
    public static float[] OneHot(IReadOnlyList<int> labels, int classes)
    {
        float[] rows = new float[labels.Count * classes];
        for (int i = 0; i < labels.Count; i++)
        {
            rows[(i * classes) + labels[i]] = 1;
        }

        return rows;
    }
}
