using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Evaluation;
using Hawq.Training.Gradients;
using Hawq.Training.Optimization;

namespace Hawq.Training.ZeroShot;

/// <summary>Synthetic calibration images and how well they came out.</summary>
/// <param name="Images">The images, with the classes they stand for.</param>
/// <param name="Agreement">Share of the finished images (bytes) that the float network classifies as their class.</param>
/// <param name="StatisticsBefore">Divergence of the statistics at the start: Gaussian noise.</param>
/// <param name="StatisticsAfter">The same of the finished images.</param>
public sealed record ZeroShotResult(SyntheticDataSet Images, double Agreement, double StatisticsBefore, double StatisticsAfter);

/// <summary>
/// Calibration images from the network alone (generative zero-shot quantization, arXiv 2101.08430): images are optimized until the inputs of all batch
/// normalizations are distributed as in training and the network sees the wanted class in each. Pixels stay in the range that bytes can express.
/// </summary>
public static class ZeroShotCalibration
{
    /// <summary>Synthesises images by optimizing their pixels with Adam.</summary>
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
        Tape tape = new();
        TapeValue images = tape.Input("images", size, shape.Channels, shape.Height, shape.Width), targets = tape.Input("targets", size, classes);
        ZeroShotGraph written = ZeroShotGraph.Write(tape, graph, images, targets, options);
        using TapeSession session = new(tape, [written.Statistics, written.Logits, .. tape.Gradients(written.Loss, images)]);
        PixelRange range = new(preprocess, shape);
        SynthesisedBatch[] done = new SynthesisedBatch[batches];
        int[] labels = [.. new Gaussian(options.Seed, -1).Permutation(batches * size).Select(i => i % classes)];
        int steps = 0;
        object gate = new();
        progress?.Begin("synthesise", batches * options.Steps);
        Parallel.For(0, batches, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, batch =>
        {
            int[] wanted = labels[(batch * size)..((batch + 1) * size)];
            done[batch] = Optimize(session, range, shape, wanted, classes, options, batch, statistics =>
            {
                cancellation.ThrowIfCancellationRequested();
                lock (gate)
                {
                    progress?.Step(++steps, string.Create(CultureInfo.InvariantCulture, $"statistics {statistics:0.000}"));
                }
            });
        });

        SyntheticDataSet set = new(
            $"zero-shot (seed {options.Seed.ToString(CultureInfo.InvariantCulture)})", shape, preprocess, [.. done.SelectMany(b => b.Images).Take(options.Images)], labels[..options.Images]);
        return new ZeroShotResult(set, Agreement(graph, set, cancellation), done.Average(b => b.Before), done.Average(b => b.After));
    }

    /// <summary>Share of a labelled set that the network classifies as labelled.</summary>
    internal static double Agreement(FloatGraph graph, SyntheticDataSet set, CancellationToken cancellation)
    {
        using FloatRunner runner = new(graph);
        float[][] logits = runner.Logits(set, set.Count, null, cancellation);
        return logits.Zip(set.Labels).Count(pair => Evaluator.LargestIndex(pair.First) == pair.Second) / (double)set.Count;
    }

    private static SynthesisedBatch Optimize(
        TapeSession session, PixelRange range, Shape shape, int[] labels, int classes, ZeroShotOptions options, int batch, Action<double> step)
    {
        float[] pixels = new float[labels.Length * shape.Length];
        new Gaussian(options.Seed, batch).Fill(pixels);
        range.Clamp(pixels);
        Dictionary<string, float[]> values = new() { ["images"] = pixels, ["targets"] = ZeroShotGraph.OneHot(labels, classes) };
        Adam adam = new();
        double before = 0;
        for (int i = 0; i < options.Steps; i++)
        {
            float[][] results = session.Run(values);
            before = i == 0 ? results[0][0] : before;
            adam.BeginStep();
            adam.Update("images", pixels, results[2], LearningRate.Cosine(options.Rate, (double)i / options.Steps));
            range.Clamp(pixels);
            step(results[0][0]);
        }

        byte[][] bytes = [.. Enumerable.Range(0, labels.Length).Select(i => range.ToBytes(pixels.AsSpan(i * shape.Length, shape.Length)))];
        return new SynthesisedBatch(bytes, before, session.Run(values)[0][0]);
    }

    private sealed record SynthesisedBatch(byte[][] Images, double Before, double After);
}
