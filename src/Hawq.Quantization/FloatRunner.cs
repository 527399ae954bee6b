using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Hawq.Quantization;

/// <summary>Runs the float network in ONNX Runtime, batch by batch, with any intermediate values as outputs.</summary>
/// <remarks>One thread per batch and several batches at a time: an image's values then depend neither on the number of threads nor on the batch.</remarks>
public sealed class FloatRunner : IDisposable
{
    /// <summary>Images per batch: bounds memory, and is enough to hide the cost of a call.</summary>
    public const int BatchSize = 16;

    private readonly FloatGraph _graph;
    private readonly InferenceSession _session;

    /// <summary>Prepares the network.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="values">Intermediate values to return beside the outputs.</param>
    public FloatRunner(FloatGraph graph, IEnumerable<string>? values = null)
    {
        _graph = graph;
        _session = OneThreadSession.Open(FloatGraphExporter.ToOnnx(graph, values));
    }

    /// <summary>Receives one value of a batch: name, first image of the batch, number of images, data in ONNX order (image, channel, row, column).</summary>
    public delegate void ValueSink(string name, int first, int count, ReadOnlySpan<float> data);

    /// <summary>Runs the first inputs of a data set. The sink is called from several threads.</summary>
    /// <param name="data">Inputs.</param>
    /// <param name="count">How many, from the start.</param>
    /// <param name="sink">Receives the outputs and the intermediate values.</param>
    /// <param name="progress">Phase name is the caller's; steps are images.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public void Run(IDataSet data, int count, ValueSink sink, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        int batches = (count + BatchSize - 1) / BatchSize, done = 0;
        object gate = new();
        Parallel.For(0, batches, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, batch =>
        {
            int first = batch * BatchSize, size = Math.Min(BatchSize, count - first);
            Run(Read(data, first, size), (name, values) => sink(name, first, size, values));
            lock (gate)
            {
                done += size;
                progress?.Step(done);
            }
        });
    }

    /// <summary>Logits (the first output) of the first inputs of a data set, each in the order row, column, channel.</summary>
    public float[][] Logits(IDataSet data, int count, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        float[][] logits = new float[count][];
        Run(data, count, (name, first, size, values) =>
        {
            if (name == _graph.Outputs[0])
            {
                Shape shape = _graph.Shapes[name];
                for (int i = 0; i < size; i++)
                {
                    logits[first + i] = ChannelsLast(values.Slice(i * shape.Length, shape.Length), shape);
                }
            }
        }, progress, cancellation);
        return logits;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private void Run(float[] input, Action<string, float[]> sink)
    {
        Shape shape = _graph.Shapes[_graph.Input];
        DenseTensor<float> tensor = new(input, [input.Length / shape.Length, shape.Channels, shape.Height, shape.Width]);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = _session.Run([NamedOnnxValue.CreateFromTensor(_graph.Input, tensor)]);
        foreach (DisposableNamedOnnxValue output in outputs)
        {
            DenseTensor<float> dense = (DenseTensor<float>)output.AsTensor<float>();
            sink(output.Name, dense.Buffer.ToArray());
        }
    }

    private static float[] ChannelsLast(ReadOnlySpan<float> values, Shape shape)
    {
        float[] result = new float[values.Length];
        int positions = shape.Height * shape.Width;
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = values[(i % shape.Channels * positions) + (i / shape.Channels)];
        }

        return result;
    }

    /// <summary>Reads inputs in ONNX order.</summary>
    private float[] Read(IDataSet data, int first, int count)
    {
        Shape shape = _graph.Shapes[_graph.Input];
        int positions = shape.Height * shape.Width;
        float[] input = new float[count * shape.Length], values = new float[shape.Length];
        for (int image = 0; image < count; image++)
        {
            data.ReadValues(first + image, values);
            for (int i = 0; i < positions; i++)
            {
                for (int c = 0; c < shape.Channels; c++)
                {
                    input[(image * shape.Length) + (c * positions) + i] = values[(i * shape.Channels) + c];
                }
            }
        }

        return input;
    }
}
