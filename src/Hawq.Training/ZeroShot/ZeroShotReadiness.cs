using Hawq.Model;
using Hawq.Onnx;
using Hawq.Training.Gradients;

namespace Hawq.Training.ZeroShot;

/// <summary>Whether a model still knows what its training data looked like.</summary>
/// <param name="Layers">Number of layers with weights.</param>
/// <param name="Normalizations">Batch normalizations with statistics, in execution order.</param>
/// <param name="Obstacle">Why zero-shot calibration is not possible, and what to do about it; null where it is.</param>
public sealed record ZeroShotReadiness(int Layers, IReadOnlyList<BatchNormalizationNode> Normalizations, string? Obstacle)
{
    /// <summary>How to export a model so that it keeps its statistics.</summary>
    public const string ExportAdvice =
        "Export it with its BatchNormalization nodes. PyTorch: torch.onnx.export(model, ..., training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False) after model.eval(); "
        + "TensorFlow: tf2onnx without the fold_batch_norm optimizer (--optimizers without it). Do not run onnxsim or ONNX Runtime's offline optimizer over the file.";

    /// <summary>Whether zero-shot calibration is possible.</summary>
    public bool Ready => Obstacle is null;

    /// <summary>Examines a network imported with <see cref="OnnxImporter.LoadUnfolded"/>.</summary>
    public static ZeroShotReadiness Of(FloatGraph graph)
    {
        int layers = graph.Nodes.Count(node => node is ConvNode or GemmNode or ConvTransposeNode);
        BatchNormalizationNode[] normalizations = [.. graph.Nodes.OfType<BatchNormalizationNode>()];
        string? obstacle = null;
        if (normalizations.Length == 0)
        {
            obstacle = "The model has no BatchNormalization: either it was trained without, or its exporter has folded them, and the statistics of the training data went with them. " + ExportAdvice;
        }
        else if (FloatGraphTape.Unsupported(graph) is { } node)
        {
            obstacle = $"The node '{node.Name}' ({node.GetType().Name}) has no gradient rule.";
        }
        else if (normalizations.All(n => n.Mean.All(m => m == 0) && n.Variance.All(v => v == 1)))
        {
            obstacle = "All statistics are those of an untrained network (mean 0, variance 1). Export the model after its training.";
        }

        return new ZeroShotReadiness(layers, normalizations, obstacle);
    }

    /// <summary>Refuses a network that is not ready.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.ZeroShot"/>.</exception>
    public void Require()
    {
        if (Obstacle is { } obstacle)
        {
            throw new HawqException(HawqIds.ZeroShot, "Zero-shot calibration is not possible. " + obstacle);
        }
    }
}
