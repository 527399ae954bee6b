using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Training.Gradients;
using Hawq.Training.Optimization;

namespace Hawq.Training.ZeroShot;

/// <summary>Images whose pixels are the parameters: each batch starts as Gaussian noise, and Adam changes it. Batches run side by side.</summary>
internal static class PixelOptimization
{
    /// <summary>Makes the images.</summary>
    /// <param name="graph">The network with its batch normalizations.</param>
    /// <param name="range">What pixels can be.</param>
    /// <param name="labels">Wanted classes of every batch; batches are of one size.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Shows the phase <c>synthesise</c>.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static byte[][] Make(
        FloatGraph graph, PixelRange range, int[][] labels, ZeroShotOptions options, IProgressSink? progress, CancellationToken cancellation)
    {
        Shape shape = graph.Shapes[graph.Input];
        int classes = ZeroShotGraph.Classes(graph), size = labels[0].Length;
        Tape tape = new();
        TapeValue images = tape.Input("images", size, shape.Channels, shape.Height, shape.Width), targets = tape.Input("targets", size, classes);
        ZeroShotGraph written = ZeroShotGraph.Write(tape, graph, images, targets, options);
        using TapeSession session = new(tape, [written.Statistics, .. tape.Gradients(written.Loss, images)]);
        byte[][][] done = new byte[labels.Length][][];
        int steps = 0;
        object gate = new();
        progress?.Begin("synthesise", labels.Length * options.EffectiveSteps);
        Parallel.For(0, labels.Length, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, batch =>
        {
            float[] pixels = new float[images.Count];
            new Gaussian(options.Seed, batch).Fill(pixels);
            range.Clamp(pixels);
            Dictionary<string, float[]> values = new() { [images.Name] = pixels, [targets.Name] = ZeroShotGraph.OneHot(labels[batch], classes) };
            Adam adam = new();
            for (int i = 0; i < options.EffectiveSteps; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                float[][] results = session.Run(values);
                adam.BeginStep();
                adam.Update(images.Name, pixels, results[1], LearningRate.Cosine(options.Rate, (double)i / options.EffectiveSteps));
                range.Clamp(pixels);
                lock (gate)
                {
                    progress?.Step(++steps, string.Create(CultureInfo.InvariantCulture, $"statistics {results[0][0]:0.000}"));
                }
            }

            done[batch] = range.ToBytes(pixels, size);
        });
        return [.. done.SelectMany(batch => batch)];
    }
}
