using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Calibration;

/// <summary>A range of the inputs of a data set.</summary>
/// <param name="Data">File or folder name of the set, see <see cref="IDataSet.Name"/>.</param>
/// <param name="First">Index of the first input.</param>
/// <param name="Count">Number of inputs, at least 1.</param>
public sealed record InputRange(string Data, int First, int Count)
{
    /// <summary>Index behind the last input.</summary>
    internal int End => First + Count;

    /// <inheritdoc/>
    public override string ToString() =>
        First == 0 ? string.Create(CultureInfo.InvariantCulture, $"{Data}, first {Count}") : string.Create(CultureInfo.InvariantCulture, $"{Data}, {Count} from {First}");
}

/// <summary>
/// What a float network's values look like over some inputs: a histogram of every value that may get a grid of its own. Statistics of several ranges are merged
/// exactly: however the inputs were split, in whatever order, the result is that of all inputs at once, as long as the machines run ONNX Runtime alike
/// (same version, same instruction sets). An input cannot be counted twice: ranges that overlap are refused.
/// </summary>
/// <param name="Network">Name of the network.</param>
/// <param name="ModelSha256">Hash of the ONNX file.</param>
/// <param name="Inputs">The inputs that were seen, in order and without overlap.</param>
/// <param name="Preprocess">How images became inputs, or null where they were none.</param>
/// <param name="ClassNames">Names of the classes, or empty.</param>
/// <param name="Values">Histogram by name of the float value.</param>
public sealed record CalibrationStatistics(
    string Network, string ModelSha256, IReadOnlyList<InputRange> Inputs, Preprocess? Preprocess, IReadOnlyList<string> ClassNames, IReadOnlyDictionary<string, ValueHistogram> Values)
{
    /// <summary>The inputs in words, as a manifest names them: <c>train_batch_0.bin, first 256</c>.</summary>
    public string Source => string.Join("; ", Inputs);

    /// <summary>Runs the float network over a range of inputs.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="data">The set.</param>
    /// <param name="first">Index of the first input.</param>
    /// <param name="count">Number of inputs; fewer where the set ends before.</param>
    /// <param name="progress">Shows the phase <c>calibrate</c>.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: there is no such input, or the network cannot be quantized.</exception>
    public static CalibrationStatistics Collect(
        FloatGraph graph, IDataSet data, int first, int count, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        if (first < 0 || first >= data.Count)
        {
            throw new HawqException(HawqIds.Calibration, $"There is no input {first}: {data.Name} holds {data.Count}.");
        }

        LoweredNetwork lowered = Quantizer.Lower(graph, data.Shape, data.Preprocess, data.Name, new QuantizerOptions().Grids);
        using DataSlice slice = new(data, first, Math.Min(count, data.Count - first));
        return new CalibrationStatistics(
            graph.Name, graph.Sha256, [new InputRange(data.Name, first, slice.Count)], data.Preprocess, data.ClassNames,
            FloatStatistics.Collect(graph, lowered.OwnGrids, slice, slice.Count, progress, cancellation));
    }

    /// <summary>The statistics of all inputs of several.</summary>
    /// <param name="parts">At least one, asked for one after the other; they stay as they are.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: they are of different models or preprocessings, or some inputs are in two of them.</exception>
    public static CalibrationStatistics Merge(IEnumerable<CalibrationStatistics> parts)
    {
        CalibrationStatistics? all = null;
        foreach (CalibrationStatistics part in parts)
        {
            all ??= part with { Inputs = [], Values = part.Values.Keys.ToDictionary(name => name, _ => new ValueHistogram()) };
            if (part.ModelSha256 != all.ModelSha256 || part.Values.Count != all.Values.Count || !part.Values.Keys.All(all.Values.ContainsKey))
            {
                throw new HawqException(HawqIds.Calibration, $"The statistics of {part.Source} are of another model than those of {all.Source}.");
            }

            if (part.Preprocess != all.Preprocess || !part.ClassNames.SequenceEqual(all.ClassNames))
            {
                throw new HawqException(HawqIds.Calibration, $"The statistics of {part.Source} are of inputs that were preprocessed, or are labelled, in another way than those of {all.Source}.");
            }

            all = all with { Inputs = Join(all.Inputs.Concat(part.Inputs)) };
            foreach ((string name, ValueHistogram histogram) in part.Values)
            {
                all.Values[name].Merge(histogram);
            }
        }

        return all ?? throw new ArgumentException("There is nothing to merge.", nameof(parts));
    }

    /// <summary>Ranges in order, neighbours joined.</summary>
    private static List<InputRange> Join(IEnumerable<InputRange> ranges)
    {
        List<InputRange> joined = [];
        foreach (InputRange range in ranges.OrderBy(range => range.Data, StringComparer.Ordinal).ThenBy(range => range.First))
        {
            InputRange? last = joined.Count > 0 && joined[^1].Data == range.Data ? joined[^1] : null;
            if (last?.End > range.First)
            {
                throw new HawqException(HawqIds.Calibration, $"Input {range.First} of {range.Data} is in two of the statistics: every input counts once.");
            }

            if (last?.End == range.First)
            {
                joined[^1] = last with { Count = last.Count + range.Count };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }
}
