using System.Globalization;
using System.Reflection;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization;

/// <summary>Post-training quantization: a float network and unlabelled inputs become an integer network (integer-semantics.md).</summary>
public static class Quantizer
{
    /// <summary>Quantizes a network.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="data">Calibration inputs; labels are not used.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="weightsFile">File name of the sidecar that the manifest will name.</param>
    /// <param name="progress">Shows phases and steps.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The network and its sidecar; the same for the same arguments, to the byte.</returns>
    /// <exception cref="HawqException">The network or the data cannot be used; see <see cref="HawqIds.Calibration"/>.</exception>
    public static QuantizedModel Quantize(
        FloatGraph graph, IDataSet data, QuantizerOptions options, string weightsFile, IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        LoweredNetwork lowered = Lower(graph, data, options);
        GridChooser grids = new(options);
        string[] values = [.. lowered.Tensors.Values.Where(t => t.GridOf is null).Select(t => t.Value).Distinct()];
        IReadOnlyDictionary<string, ValueHistogram> statistics =
            FloatStatistics.Collect(graph, values, data, options.CalibrationCount, progress, cancellation);

        NetworkAssembler assembler = new(lowered);
        foreach (LoweredTensor tensor in lowered.Tensors.Values.Where(t => t.GridOf is null))
        {
            assembler.Add(grids.Choose(tensor, statistics[tensor.Value]));
        }

        progress?.Begin("quantize", lowered.Layers.Count);
        for (int i = 0; i < lowered.Layers.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            LoweredLayer layer = lowered.Layers[i];
            LoweredTensor output = lowered.Tensors[layer.Output];
            if (layer is LoweredLinear linear)
            {
                Tensor input = assembler.Tensor(linear.Input);
                QuantizedLinear quantized = QuantizedLinear.Nearest(linear, input.Scale);
                assembler.AddLinear(linear, output, quantized);
            }
            else
            {
                if (layer is LoweredMove move)
                {
                    assembler.Add(GridChooser.Shared(output, assembler.Tensor(move.Input)));
                }

                assembler.Add(layer);
            }

            progress?.Step(i + 1, layer.Name);
        }

        return assembler.Finish(Describe(graph, data, options), weightsFile, data.Preprocess, options.Labels);
    }

    private static LoweredNetwork Lower(FloatGraph graph, IDataSet data, QuantizerOptions options)
    {
        Shape shape = graph.Shapes[graph.Input];
        if (data.Shape != shape)
        {
            throw new HawqException(HawqIds.Calibration, $"The network's input is {shape} and {data.Name} holds {data.Shape}.");
        }

        float least = data.Preprocess is { } preprocess
            ? Preprocessing.ByteValues(preprocess, shape.Channels).Min(channel => channel.Min())
            : float.NegativeInfinity;
        return GraphLowering.Lower(graph, options.Grids, least);
    }

    private static Provenance Describe(FloatGraph graph, IDataSet data, QuantizerOptions options)
    {
        string version = typeof(Quantizer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
        BitAssignment bits = options.Grids.Bits;
        List<Setting> settings =
        [
            new("calibration", $"{data.Name}, first {Text(Math.Min(options.CalibrationCount, data.Count))}"),
            new("bits", bits.Default.ToString()),
            new("first", bits.First?.ToString() ?? bits.Default.ToString()),
            new("last", bits.Last?.ToString() ?? bits.Default.ToString()),
            .. bits.Layers.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new Setting("set " + l.Key, l.Value.ToString())),
            new("activations", options.Grids.UnsignedEightBitMaximum == 255 ? "u8" : "u7"),
            new("residual", Text(options.Grids.ResidualBits)),
            new("calibrator", options.Calibrator.Name),
            new("calibrator4", options.LowBitCalibrator.Name),
            new("headroom", options.Headroom.ToString(CultureInfo.InvariantCulture)),
        ];
        return new Provenance($"hawq {version}", graph.Name + ".onnx", graph.Sha256, graph.Opset, settings.ToEquatableArray());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
