using Hawq.Model;
using Hawq.Onnx;
using Hawq.Training.Gradients;
using Hawq.Training.ZeroShot;

namespace Hawq.Training.Quantized;

/// <summary>Sums over a batch.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="Weights">Per layer.</param>
/// <param name="Biases">Per layer.</param>
/// <param name="Scales">Per trained tensor.</param>
internal sealed record TrainingGradients(double Loss, IReadOnlyList<float[]> Weights, IReadOnlyList<float[]> Biases, IReadOnlyList<float[]> Scales);

/// <summary>Loss and gradients of a training step, as ONNX graphs: the quantized network, and the float network where it teaches.</summary>
internal sealed class TrainingGraph : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly TrainedNetwork _trained;
    private readonly TapeSession _session;
    private readonly TapeSession? _teacher;
    private readonly int _classes, _inputs, _size;

    public TrainingGraph(Network network, TrainedNetwork trained, FloatGraph graph, TrainingOptions options)
    {
        (_options, _trained) = (options, trained);
        _size = Math.Min(options.RunSize, options.BatchSize);
        _inputs = graph.Shapes[graph.Input].Length;
        _classes = ZeroShotGraph.Classes(graph);
        Tape tape = new();
        IntegerNetworkTape written = IntegerNetworkTape.Write(tape, network, _size, trained.ScaledTensors);
        TapeValue labels = tape.Input("labels", _size, _classes), teacher = tape.Input("teacher", _size, _classes);
        List<TapeValue> parts = [];
        if (options.Distillation < 1)
        {
            parts.Add(tape.Scale(tape.CrossEntropy(written.Logits, labels), 1 - options.Distillation));
        }

        if (options.Distillation > 0)
        {
            double t = options.Temperature;
            parts.Add(tape.Scale(tape.CrossEntropy(tape.Scale(written.Logits, 1 / t), teacher), options.Distillation * t * t));
            _teacher = Teacher(graph, t);
        }

        TapeValue loss = tape.Total(parts);
        TapeValue[] sources =
        [
            .. trained.Layers.Select(layer => written.Codes[layer.Layer.Name]), .. trained.Layers.Select(layer => written.Biases[layer.Layer.Name]),
            .. trained.ScaledTensors.Select(name => written.Scales[name]),
        ];
        _session = new TapeSession(tape, [loss, .. tape.Gradients(loss, sources)]);
    }

    /// <summary>Loss and gradients of one batch. Parts of it run side by side and are added in a fixed order.</summary>
    public TrainingGradients Run(TrainingData data, long first)
    {
        Dictionary<string, float[]> parameters = _trained.TapeInputs();
        float[][][] results = new float[_options.BatchSize / _size][][];
        Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, part =>
        {
            float[] codes = new float[_size * _inputs], values = _teacher is null ? [] : new float[_size * _inputs];
            int[] labels = new int[_size];
            data.Read(first + (part * _size), codes, values, labels);
            float[] oneHot = ZeroShotGraph.OneHot(labels, _classes), teacher = _teacher is null ? oneHot : _teacher.Run(_ => values)[0];
            results[part] = _session.Run(name => name switch
            {
                IntegerNetworkTape.Input => codes,
                "labels" => oneHot,
                "teacher" => teacher,
                _ => parameters[name],
            });
        });

        float[][] mean = results[0];
        for (int i = 0; i < mean.Length; i++)
        {
            for (int k = 0; k < mean[i].Length; k++)
            {
                double sum = 0;
                foreach (float[][] result in results)
                {
                    sum += result[i][k];
                }

                mean[i][k] = (float)(sum / results.Length);
            }
        }

        int layers = _trained.Layers.Count;
        return new TrainingGradients(mean[0][0], mean[1..(layers + 1)], mean[(layers + 1)..((2 * layers) + 1)], mean[((2 * layers) + 1)..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _teacher?.Dispose();
    }

    /// <summary>The float network's probabilities at a temperature.</summary>
    private TapeSession Teacher(FloatGraph graph, double temperature)
    {
        Shape shape = graph.Shapes[graph.Input];
        Tape tape = new();
        TapeValue logits = tape.Flatten(FloatGraphTape.Write(tape, graph, tape.Input("images", _size, shape.Channels, shape.Height, shape.Width))[graph.Outputs[0]]);
        return new TapeSession(tape, tape.Softmax(tape.Scale(logits, 1 / temperature), 1));
    }
}
