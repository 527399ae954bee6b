using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Sensitivity;

/// <summary>
/// The float network's values at a cut, for all images, batch by batch; moves forward cut by cut, so that every node in front of the layer at hand
/// is run once for all its options and probes.
/// </summary>
internal sealed class PrefixValues
{
    /// <summary>Images per batch: bounds memory per run, and is the number of images that share a random probe.</summary>
    public const int BatchSize = 16;

    private readonly GraphCuts _cuts;
    private (int NextNode, string Value) _at;

    /// <summary>Reads the inputs.</summary>
    public PrefixValues(FloatGraph graph, GraphCuts cuts, IDataSet data, int count)
    {
        _cuts = cuts;
        _at = (0, graph.Input);
        Count = count;
        Batches = new float[(count + BatchSize - 1) / BatchSize][];
        Shape shape = graph.Shapes[graph.Input];
        for (int b = 0; b < Batches.Length; b++)
        {
            int size = Math.Min(BatchSize, count - (b * BatchSize));
            Batches[b] = new float[size * shape.Length];
            float[] values = new float[shape.Length];
            for (int image = 0; image < size; image++)
            {
                data.ReadValues((b * BatchSize) + image, values);
                Layout.ToPlanes(values, Batches[b].AsSpan(image * shape.Length), shape);
            }
        }
    }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>The values, in ONNX order.</summary>
    public float[][] Batches { get; }

    /// <summary>Moves to a cut, forward.</summary>
    public void MoveTo((int NextNode, string Value) cut, CancellationToken cancellation)
    {
        if (cut.NextNode == _at.NextNode)
        {
            return;
        }

        using GraphSession session = new(_cuts.Part(_at, cut), cut.Value);
        ForEachBatch(b => Batches[b] = session.Run(Batches[b]), cancellation);
        _at = cut;
    }

    /// <summary>The network from here to its outputs.</summary>
    public FloatGraph Rest => _cuts.Part(_at);

    /// <summary>Runs something for every batch, on all cores.</summary>
    public void ForEachBatch(Action<int> action, CancellationToken cancellation) =>
        Parallel.For(0, Batches.Length, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, action);
}

/// <summary>Row, column, channel to and from channel, row, column.</summary>
internal static class Layout
{
    /// <summary>To ONNX order.</summary>
    public static void ToPlanes(ReadOnlySpan<float> from, Span<float> to, Shape shape)
    {
        int positions = shape.Height * shape.Width;
        for (int i = 0; i < positions; i++)
        {
            for (int c = 0; c < shape.Channels; c++)
            {
                to[(c * positions) + i] = from[(i * shape.Channels) + c];
            }
        }
    }

    /// <summary>From ONNX order.</summary>
    public static void FromPlanes(ReadOnlySpan<float> from, Span<float> to, Shape shape)
    {
        int positions = shape.Height * shape.Width;
        for (int i = 0; i < positions; i++)
        {
            for (int c = 0; c < shape.Channels; c++)
            {
                to[(i * shape.Channels) + c] = from[(c * positions) + i];
            }
        }
    }
}
