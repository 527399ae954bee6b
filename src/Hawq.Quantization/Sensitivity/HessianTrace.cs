using Hawq.Onnx;

namespace Hawq.Quantization.Sensitivity;

/// <summary>How the trace of a layer's Hessian is estimated.</summary>
/// <param name="MaxRounds">Largest number of passes over the images; each image batch of each pass has a probe of its own.</param>
/// <param name="MinRounds">Passes before the stop rule applies.</param>
/// <param name="RelativeError">Stop when the standard error falls below this part of the trace.</param>
/// <param name="Step">Size of a probe, as a part of the root mean square of the weights (or of the input). 0.001 to 0.1 agree within 6 % on
/// ResNet-20; 0.3 leaves the quadratic region.</param>
/// <param name="Seed">Of the random signs.</param>
public sealed record HessianOptions(int MaxRounds = 16, int MinRounds = 2, double RelativeError = 0.1, double Step = 0.03, ulong Seed = 1);

/// <summary>A trace and how well it is known.</summary>
/// <param name="Trace">Estimate.</param>
/// <param name="StandardError">Of the estimate, over images and probes.</param>
/// <param name="Rounds">Passes over the images that were made.</param>
public sealed record TraceEstimate(double Trace, double StandardError, int Rounds);

/// <summary>
/// Hutchinson's estimator of the trace of a layer's Hessian with forward passes only: v^T H v = (KL(w + e v) + KL(w - e v)) / e^2 for random
/// signs v, since the loss is the cross entropy against the float network's own outputs, whose minimum and zero gradient are at w
/// (HAWQ-V2/V3 use backpropagation and the labels for the same quantity).
/// </summary>
/// <remarks>
/// The images carry more of the variance than the probes do (a few undecided images have most of the trace), so every batch of images gets a probe of
/// its own, and the standard error is taken over the batches: it holds the sampling of both.
/// </remarks>
internal static class HessianTrace
{
    /// <summary>Trace over the weights of a layer.</summary>
    /// <param name="prefix">At the cut before the layer.</param>
    /// <param name="layer">Convolution or fully connected layer.</param>
    /// <param name="index">Its number, for the seed.</param>
    /// <param name="labels">The float network's outputs.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static TraceEstimate OfWeights(
        PrefixValues prefix, FloatNode layer, int index, SoftLabels labels, HessianOptions options, CancellationToken cancellation)
    {
        (float[] weights, float[] bias) = LayerParameters.Of(layer);
        double step = options.Step * RootMeanSquare([weights]);
        FloatGraph rest = prefix.Rest;
        using GraphSession session = new(rest, rest.Outputs[0], layer);
        (string, float[]) givenBias = (FloatGraphExporter.BiasName(layer), bias);
        return Estimate(prefix, index, labels, options, step, cancellation, (batch, signs, size) =>
        {
            float[] changed = new float[weights.Length];
            signs.Fill(changed, weights, size);
            return session.Run(batch, givenBias, (FloatGraphExporter.WeightName(layer), changed));
        });
    }

    /// <summary>
    /// Second derivative of the loss along random noise on the layer's input, per unit of noise variance: half of it times the mean squared error of the
    /// quantized input predicts the loss from quantizing activations.
    /// </summary>
    /// <param name="prefix">At the cut before the layer.</param>
    /// <param name="layer">Convolution or fully connected layer.</param>
    /// <param name="index">Its number, for the seed.</param>
    /// <param name="inputs">The layer's inputs, batch by batch.</param>
    /// <param name="labels">The float network's outputs.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static TraceEstimate OfInput(
        PrefixValues prefix, FloatNode layer, int index, float[][] inputs, SoftLabels labels, HessianOptions options, CancellationToken cancellation)
    {
        (float[] weights, float[] bias) = LayerParameters.Of(layer);
        double step = options.Step * RootMeanSquare(inputs);
        FloatGraph rest = prefix.Rest;
        int length = rest.Shapes[layer.Inputs[0]].Length;
        int perImage = rest.Shapes[rest.Input].Length;
        using GraphSession session = new(rest, rest.Outputs[0], layer, noisyInput: true);
        (string, float[])[] given = [(FloatGraphExporter.BiasName(layer), bias), (FloatGraphExporter.WeightName(layer), weights)];
        HessianOptions once = options with { Seed = ~options.Seed };
        return Estimate(prefix, index, labels, once, step, cancellation, (batch, signs, size) =>
        {
            float[] noise = new float[batch.Length / perImage * length];
            signs.Fill(noise, new float[noise.Length], size);
            return session.Run(batch, [.. given, (FloatGraphExporter.NoiseName(layer), noise)]);
        });
    }

    private static TraceEstimate Estimate(
        PrefixValues prefix, int index, SoftLabels labels, HessianOptions options, double step, CancellationToken cancellation,
        Func<float[], ProbeSigns, double, float[]> logitsAt)
    {
        if (step == 0)
        {
            return new TraceEstimate(0, 0, 0);
        }

        double[] sums = new double[prefix.Batches.Length];
        TraceEstimate estimate = new(0, 0, 0);
        for (int round = 0; round < options.MaxRounds; round++)
        {
            int current = round;
            prefix.ForEachBatch(
                b =>
                {
                    ProbeSigns signs = new(options.Seed, index, current, b);
                    double sum = 0;
                    foreach (double size in (ReadOnlySpan<double>)[step, -step])
                    {
                        float[] logits = logitsAt(prefix.Batches[b], signs, size);
                        for (int image = 0; image * labels.Classes < logits.Length; image++)
                        {
                            sum += labels.Kl((b * PrefixValues.BatchSize) + image, logits.AsSpan(image * labels.Classes, labels.Classes));
                        }
                    }

                    sums[b] += sum / (step * step);
                }, cancellation);
            estimate = Summarize(sums, prefix.Count, round + 1);
            if (round + 1 >= options.MinRounds && estimate.StandardError <= options.RelativeError * Math.Abs(estimate.Trace))
            {
                break;
            }
        }

        return estimate;
    }

    /// <summary>Mean over images and its standard error, the batches being independent samples.</summary>
    private static TraceEstimate Summarize(double[] sums, int count, int rounds)
    {
        double mean = sums.Sum() / count / rounds;
        double squares = 0;
        for (int b = 0; b < sums.Length; b++)
        {
            int size = Math.Min(PrefixValues.BatchSize, count - (b * PrefixValues.BatchSize));
            double deviation = (sums[b] / rounds) - (size * mean);
            squares += deviation * deviation;
        }

        double error = sums.Length > 1 ? Math.Sqrt(squares * sums.Length / (sums.Length - 1)) / count : double.PositiveInfinity;
        return new TraceEstimate(mean, error, rounds);
    }

    private static double RootMeanSquare(float[][] values)
    {
        double sum = 0;
        long count = 0;
        foreach (float[] part in values)
        {
            count += part.Length;
            foreach (float value in part)
            {
                sum += (double)value * value;
            }
        }

        return Math.Sqrt(sum / Math.Max(count, 1));
    }
}

/// <summary>Weights and bias of a layer, in ONNX order.</summary>
internal static class LayerParameters
{
    /// <summary>Whether a node has weights that get bits.</summary>
    public static bool Has(FloatNode node) => node is ConvNode or GemmNode;

    /// <summary>The weights and the bias.</summary>
    public static (float[] Weights, float[] Bias) Of(FloatNode node) => node switch
    {
        ConvNode conv => (conv.Weights, conv.Bias),
        GemmNode gemm => (gemm.Weights, gemm.Bias),
        _ => throw new ArgumentException($"{node.GetType().Name} has no weights.", nameof(node)),
    };
}
