using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Calibration;

/// <summary>Statistics of the float network's values over a calibration set, in constant memory.</summary>
public static class FloatStatistics
{
    /// <summary>Runs the float network and collects a histogram per value.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="values">Names of the values; the network's input may be among them.</param>
    /// <param name="data">Calibration inputs.</param>
    /// <param name="count">How many, from the start.</param>
    /// <param name="progress">Shows the phase <c>calibrate</c>.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: there are no inputs.</exception>
    public static IReadOnlyDictionary<string, ValueHistogram> Collect(
        FloatGraph graph, IReadOnlyCollection<string> values, IDataSet data, int count, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        if (count <= 0 || data.Count == 0)
        {
            throw new HawqException(HawqIds.Calibration, $"The calibration set {data.Name} is empty.");
        }

        count = Math.Min(count, data.Count);
        progress?.Begin("calibrate", count);
        Dictionary<string, ValueHistogram> histograms = values.ToDictionary(v => v, _ => new ValueHistogram());
        if (histograms.TryGetValue(graph.Input, out ValueHistogram? input))
        {
            float[] buffer = new float[data.Shape.Length];
            for (int i = 0; i < count; i++)
            {
                data.ReadValues(i, buffer);
                input.Add(buffer);
            }
        }

        using FloatRunner runner = new(graph, values);
        runner.Run(data, count, (name, _, _, batch) =>
        {
            if (name != graph.Input && histograms.TryGetValue(name, out ValueHistogram? total))
            {
                ValueHistogram part = new();
                part.Add(batch);
                lock (total)
                {
                    total.Merge(part);
                }
            }
        }, progress, cancellation);
        return histograms;
    }
}
