using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Sensitivity;

/// <summary>Measures the sensitivity of every layer with weights to every option of bits, layer by layer; can be stopped and continued.</summary>
public static class SensitivityAnalysis
{
    /// <summary>Fewer images than two batches have no standard error.</summary>
    private const int LeastImages = 32;

    /// <summary>Measures a network.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="data">Inputs; labels are used by <see cref="SensitivityMetric.Loss"/> where there are any.</param>
    /// <param name="options">How.</param>
    /// <param name="earlier">A table to continue: its layers are taken over when its key is the same; or null.</param>
    /// <param name="save">Called with the table so far after every layer, or null.</param>
    /// <param name="progress">Shows the phase <c>analyze</c>; a step is a layer.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: fewer than 32 images, or the network cannot be quantized.</exception>
    public static SensitivityTable Run(
        FloatGraph graph, IDataSet data, SensitivityOptions options, SensitivityTable? earlier = null, Action<SensitivityTable>? save = null,
        IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        int images = Math.Min(options.EffectiveImages, data.Count);
        if (images < LeastImages)
        {
            throw new HawqException(HawqIds.Calibration, $"Sensitivities need {LeastImages} images or more; {data.Name} gives {images}.");
        }

        string key = Key(graph, data, options, images);
        List<LayerSensitivity> done = earlier?.Key == key ? [.. earlier.Layers] : [];
        SensitivityTable Table() => new(
            graph.Name, graph.Sha256, string.Create(CultureInfo.InvariantCulture, $"{data.Name}, first {images}"), images, key, options.Settings(), done.ToEquatableArray());

        FloatNode[] layers = [.. graph.Nodes.Where(LayerParameters.Has)];
        if (done.Count == layers.Length)
        {
            return Table();
        }

        progress ??= NoProgress.Instance;
        progress.Begin("analyze", layers.Length);
        LayerMeasurement measurement = new(graph, data, images, options, cancellation);
        for (int i = 0; i < layers.Length; i++)
        {
            if (done.Count <= i)
            {
                done.Add(measurement.Measure(layers[i], i));
                save?.Invoke(Table());
            }

            progress.Step(i + 1, done[i].Layer);
            progress.Tell(Describe(done[i]));
        }

        return Table();
    }

    /// <summary>Hash over everything that the values depend on.</summary>
    public static string Key(FloatGraph graph, IDataSet data, SensitivityOptions options, int images)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(
            $"{SensitivityFile.Format}\n{graph.Sha256}\n{string.Join("\n", options.Settings().Select(setting => $"{setting.Name}={setting.Value}"))}\n"));
        DataSet.Append(hash, data, images, withLabels: options.Metric == SensitivityMetric.Loss);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Describe(LayerSensitivity layer) => string.Create(
        CultureInfo.InvariantCulture, $"{layer.Layer}: {string.Join(", ", layer.Options.Select(option => FormattableString.Invariant($"{option.Bits} {option.Value:G3}")))}");
}
