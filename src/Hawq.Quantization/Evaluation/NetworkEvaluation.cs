using Hawq.Model;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Evaluation;

/// <summary>Evaluates networks over data sets.</summary>
public static class NetworkEvaluation
{
    /// <summary>Writes the real logits of one input.</summary>
    /// <param name="index">Index of the input in the data set.</param>
    /// <param name="logits">Receives the logits.</param>
    public delegate void LogitFunction(int index, Span<float> logits);

    /// <summary>Evaluates any implementation of a network.</summary>
    /// <param name="data">Inputs, with labels if there are any.</param>
    /// <param name="classes">Number of logits.</param>
    /// <param name="network">The implementation; called from one thread, in order.</param>
    /// <param name="floatLogits">Logits of the float network (<see cref="FloatRunner.Logits"/>), or null.</param>
    /// <param name="count">How many inputs, from the start; null: all.</param>
    /// <param name="progress">Shows the phase <c>evaluate</c>.</param>
    /// <param name="cancellation">Stops between inputs.</param>
    public static EvaluationResult Run(
        IDataSet data, int classes, LogitFunction network, IReadOnlyList<float[]>? floatLogits = null, int? count = null, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        int total = Math.Min(count ?? data.Count, data.Count);
        progress?.Begin("evaluate", total);
        Evaluator evaluator = new();
        float[] logits = new float[classes];
        for (int i = 0; i < total; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            network(i, logits);
            evaluator.Add(logits, floatLogits is null ? [] : floatLogits[i], data.Labels.Count > i ? data.Labels[i] : null);
            progress?.Step(i + 1);
        }

        return evaluator.Result();
    }

    /// <summary>Evaluates a quantized network with the batch engine, which equals the reference interpreter and the generated code.</summary>
    /// <inheritdoc cref="Run(IDataSet, int, LogitFunction, IReadOnlyList{float[]}?, int?, IProgressSink?, CancellationToken)"/>
    public static EvaluationResult Run(
        IDataSet data, QuantizedModel model, IReadOnlyList<float[]>? floatLogits = null, int? count = null, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        int total = Math.Min(count ?? data.Count, data.Count);
        float[][] logits = Logits(data, model, total, cancellation);
        return Run(data, logits[0].Length, (i, target) => logits[i].CopyTo(target), floatLogits, total, progress, cancellation);
    }

    /// <summary>Real logits of a quantized network for the first inputs of a data set.</summary>
    public static float[][] Logits(IDataSet data, QuantizedModel model, int count, CancellationToken cancellation = default)
    {
        Network network = model.Network;
        NetworkRunner runner = new(network, model.Weights);
        Tensor output = network.Tensor(network.Outputs[0]);
        float[][] logits = new float[count][];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            // One image at a time: its tensors are small enough for the garbage collector's first generation.
            Batch<int> codes = runner.Run(Codes(data, network, i, 1));
            logits[i] = [.. codes.Data.Select(code => output.Scale * (code - output.ZeroPoint))];
        });
        return logits;
    }

    /// <summary>Input codes of a range of inputs: pixel tables for images, else rounded values.</summary>
    public static Batch<int> Codes(IDataSet data, Network network, int first, int count)
    {
        Tensor input = network.Tensor(network.Input.Tensor);
        Batch<int> codes = new(input.Shape, count);
        byte[] pixels = new byte[input.Shape.Length];
        float[] values = new float[input.Shape.Length];
        for (int i = 0; i < count; i++)
        {
            if (network.Input.PixelTables.Count > 0)
            {
                data.ReadPixels(first + i, pixels);
                NetworkRunner.Encode(network.Input, pixels, codes[i]);
            }
            else
            {
                data.ReadValues(first + i, values);
                NetworkRunner.Encode(input, values, codes[i]);
            }
        }

        return codes;
    }
}
