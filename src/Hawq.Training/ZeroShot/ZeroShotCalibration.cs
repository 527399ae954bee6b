using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Evaluation;
using Hawq.Training.Gradients;

namespace Hawq.Training.ZeroShot;

/// <summary>Synthetic calibration images and how well they came out.</summary>
/// <param name="Images">The images, with the classes they stand for.</param>
/// <param name="Agreement">Share of the finished images (bytes) that the float network classifies as their class.</param>
/// <param name="StatisticsBefore">Divergence of the statistics of Gaussian noise, cut to the range of pixels.</param>
/// <param name="StatisticsAfter">The same of the finished images.</param>
public sealed record ZeroShotResult(SyntheticDataSet Images, double Agreement, double StatisticsBefore, double StatisticsAfter);

/// <summary>
/// Calibration images from the network alone (generative zero-shot quantization, arXiv 2101.08430): images are optimized until the inputs of all batch
/// normalizations are distributed as in training and the network sees the wanted class in each. Pixels stay in the range that bytes can express.
/// </summary>
public static class ZeroShotCalibration
{
    /// <summary>Synthesises images, by optimizing their pixels or by training a generator.</summary>
    /// <param name="graph">The network, imported with <see cref="OnnxImporter.LoadUnfolded"/>.</param>
    /// <param name="preprocess">How bytes become inputs.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Shows the phase <c>synthesise</c>.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The same for the same arguments, on any number of threads.</returns>
    /// <exception cref="HawqException"><see cref="HawqIds.ZeroShot"/>: the network has no statistics.</exception>
    public static ZeroShotResult Synthesise(
        FloatGraph graph, Preprocess preprocess, ZeroShotOptions options, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        ZeroShotReadiness.Of(graph).Require();
        Shape shape = graph.Shapes[graph.Input];
        int classes = ZeroShotGraph.Classes(graph), size = Math.Min(options.BatchSize, options.Images), batches = (options.Images + size - 1) / size;
        PixelRange range = new(preprocess, shape);
        int[] labels = [.. new Gaussian(options.Seed, -1).Permutation(batches * size).Select(i => i % classes)];
        int[][] wanted = [.. labels.Chunk(size)];
        byte[][] images = options.Generator
            ? ImageGenerator.Make(graph, range, wanted, options, progress, cancellation)
            : PixelOptimization.Make(graph, range, wanted, options, progress, cancellation);
        string seed = options.Seed.ToString(CultureInfo.InvariantCulture);
        SyntheticDataSet set = new(
            $"zero-shot ({(options.Generator ? "generator, " : "")}seed {seed})", shape, preprocess, images[..options.Images], labels[..options.Images]);
        Func<SyntheticDataSet, double> statistics = Statistics(graph, range, size, options);
        return new ZeroShotResult(set, Agreement(graph, set, cancellation), statistics(SyntheticDataSet.Noise(shape, preprocess, size, options.Seed)), statistics(set));
    }

    /// <summary>Share of a labelled set that the network classifies as labelled.</summary>
    internal static double Agreement(FloatGraph graph, SyntheticDataSet set, CancellationToken cancellation)
    {
        using FloatRunner runner = new(graph);
        float[][] logits = runner.Logits(set, set.Count, null, cancellation);
        return logits.Zip(set.Labels).Count(pair => Evaluator.LargestIndex(pair.First) == pair.Second) / (double)set.Count;
    }

    /// <summary>Measures the divergence of a set's statistics: mean over batches.</summary>
    private static Func<SyntheticDataSet, double> Statistics(FloatGraph graph, PixelRange range, int size, ZeroShotOptions options)
    {
        Shape shape = graph.Shapes[graph.Input];
        Tape tape = new();
        TapeValue images = tape.Input("images", size, shape.Channels, shape.Height, shape.Width), targets = tape.Input("targets", size, ZeroShotGraph.Classes(graph));
        ZeroShotGraph written = ZeroShotGraph.Write(tape, graph, images, targets, options);
        float[] values = new float[images.Count], none = new float[targets.Count];
        return set =>
        {
            using TapeSession session = new(tape, written.Statistics);
            return Enumerable.Range(0, (set.Count + size - 1) / size).Average(batch =>
            {
                range.Read(set, batch * size, values);
                return session.Run(name => name == images.Name ? values : none)[0][0];
            });
        };
    }
}
