using System.Globalization;
using System.Reflection;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Imported;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;

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
    /// <param name="statistics">Statistics of the float network over more inputs than these; null: they are collected over these.</param>
    /// <returns>The network and its sidecar; the same for the same arguments, to the byte.</returns>
    /// <exception cref="HawqException">The network or the data cannot be used; see <see cref="HawqIds.Calibration"/>.</exception>
    public static QuantizedModel Quantize(
        FloatGraph graph, IDataSet data, QuantizerOptions options, string weightsFile, IProgressSink? progress = null, CancellationToken cancellation = default,
        CalibrationStatistics? statistics = null)
    {
        progress ??= NoProgress.Instance;
        LoweredNetwork lowered = Lower(graph, data.Shape, data.Preprocess, data.Name, options.Grids);
        int count = CheckCount(lowered, data, options, progress);
        bool sequential = options.Effort != Effort.Naive;
        if (sequential && options.EffectiveRecipe.Equalize)
        {
            lowered = CrossLayerEqualization.Apply(lowered);
        }

        string[] values = sequential ? [.. lowered.Tensors.Values.Where(t => t.IsFloatGrid).Select(t => t.Value).Distinct()] : lowered.OwnGrids;
        if (statistics is not null && statistics.Preprocess != data.Preprocess)
        {
            throw new HawqException(HawqIds.Calibration, $"The statistics of {statistics.Source} are of inputs that were preprocessed in another way than those of {data.Name}.");
        }

        IReadOnlyDictionary<string, ValueHistogram> histograms = statistics is null
            ? FloatStatistics.Collect(graph, values, data, count, progress, cancellation)
            : Of(statistics, graph, values);
        SequentialQuantizer quantizer = new(lowered, options, histograms, progress, cancellation);
        NetworkAssembler assembler = sequential ? quantizer.Run(Inputs(data, count)) : Naive(lowered, options, histograms);
        Provenance provenance = Describe(graph, new InputRange(data.Name, 0, count).ToString(), statistics?.Source, options, lowered);
        return assembler.Finish(provenance, weightsFile, data.Preprocess, options.Labels) with { Layers = quantizer.Reports };
    }

    /// <summary>Quantizes a network from statistics alone (<see cref="Effort.Naive"/>): the same bytes as from the inputs that they are of.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="statistics">Statistics of its values.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="weightsFile">File name of the sidecar that the manifest will name.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: the statistics are not this network's; <see cref="HawqIds.Usage"/>: the effort is another.</exception>
    public static QuantizedModel Quantize(FloatGraph graph, CalibrationStatistics statistics, QuantizerOptions options, string weightsFile)
    {
        if (options.Effort != Effort.Naive)
        {
            throw new HawqException(
                HawqIds.Usage,
                $"Effort {options.Effort.ToString().ToLowerInvariant()} fits the layers to inputs: give a few hundred (--calibration DATA) beside the statistics, which then set the ranges of sums and outputs. Effort naive needs none.");
        }

        LoweredNetwork lowered = Lower(graph, graph.Shapes[graph.Input], statistics.Preprocess, statistics.Source, options.Grids);
        NetworkAssembler assembler = Naive(lowered, options, Of(statistics, graph, lowered.OwnGrids));
        return assembler.Finish(Describe(graph, statistics.Source, null, options, lowered), weightsFile, statistics.Preprocess, options.Labels);
    }

    /// <summary>A network in the integer network's layers, for inputs of a kind.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: the inputs are not the network's, or it cannot be quantized.</exception>
    internal static LoweredNetwork Lower(FloatGraph graph, Shape inputs, Preprocess? preprocess, string name, GridOptions options)
    {
        Shape shape = graph.Shapes[graph.Input];
        if (inputs != shape)
        {
            throw new HawqException(HawqIds.Calibration, $"The network's input is {shape} and {name} holds {inputs}.");
        }

        float least = preprocess is null ? float.NegativeInfinity : Preprocessing.ByteValues(preprocess, shape.Channels).Min(channel => channel.Min());
        return GraphLowering.Lower(graph, options, least);
    }

    /// <summary>Whether a model came quantized (QDQ or QOperator): <see cref="Import"/> takes it, and nothing else here does.</summary>
    public static bool IsQuantized(FloatGraph graph) => ImportedGraph.IsQuantized(graph);

    /// <summary>A network that came quantized, with its own codes, scales and zero points: nothing is calibrated.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="weightsFile">File name of the sidecar that the manifest will name.</param>
    /// <param name="preprocess">How images become inputs, or null.</param>
    /// <param name="labels">Class names, or empty.</param>
    /// <param name="progress">Is told what the model has that is not taken over exactly.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.OnnxUnsupported"/>: part of the network is float, or has no integer form.</exception>
    public static QuantizedModel Import(FloatGraph graph, string weightsFile, Preprocess? preprocess = null, IReadOnlyList<string>? labels = null, IProgressSink? progress = null)
    {
        ImportedNetwork imported = ImportedGraph.Lower(graph);
        foreach (string note in imported.Notes)
        {
            progress?.Warn(note);
        }

        NetworkAssembler assembler = new(imported.Lowered);
        assembler.Add(imported.Grids[imported.Lowered.Input]);
        foreach (LoweredLayer layer in imported.Lowered.Layers)
        {
            LoweredTensor output = imported.Lowered.Tensors[layer.Output];
            string grid = output.GridOf ?? output.Name;
            if (!assembler.Knows(grid))
            {
                assembler.Add(imported.Grids[grid]);
            }

            if (layer is LoweredLinear linear)
            {
                assembler.AddLinear(linear, output, imported.Weights[linear.Name]);
            }
            else
            {
                assembler.Add(layer);
            }
        }

        Provenance provenance = new($"hawq {Version}", graph.Name + ".onnx", graph.Sha256, graph.Opset, EquatableArray.Of(new Setting("scales", "the model's own")));
        return assembler.Finish(provenance, weightsFile, preprocess, labels ?? []);
    }

    /// <summary>Every grid from the float network's statistics, every weight to the nearest code.</summary>
    private static NetworkAssembler Naive(LoweredNetwork lowered, QuantizerOptions options, IReadOnlyDictionary<string, ValueHistogram> statistics)
    {
        GridChooser grids = new(options);
        NetworkAssembler assembler = new(lowered, options.Grids.ShortMultipliers);
        foreach (Tensor tensor in grids.Choose(lowered, tensor => tensor.GridOf is null, statistics))
        {
            assembler.Add(tensor);
        }

        foreach (LoweredLayer layer in lowered.Layers)
        {
            LoweredTensor output = lowered.Tensors[layer.Output];
            if (layer is LoweredLinear linear)
            {
                assembler.AddLinear(linear, output, QuantizedLinear.Nearest(linear, assembler.Tensor(linear.Input)));
                continue;
            }

            if (layer is LoweredMove move)
            {
                assembler.Add(GridChooser.Shared(output, assembler.Tensor(move.Input)));
            }

            assembler.Add(layer);
        }

        return assembler;
    }

    /// <summary>The first inputs of a set as real values.</summary>
    internal static Batch<float> Inputs(IDataSet data, int count)
    {
        Batch<float> inputs = new(data.Shape, count);
        Parallel.For(0, count, i => data.ReadValues(i, inputs[i]));
        return inputs;
    }

    /// <summary>Second-order rounding of a few inputs fits their noise: measured down to 32.</summary>
    private static int CheckCount(LoweredNetwork lowered, IDataSet data, QuantizerOptions options, IProgressSink progress)
    {
        const int Least = 32, Few = 128;
        int count = Math.Min(options.EffectiveCalibrationCount, data.Count);
        bool lowBit = lowered.Linears.Any(l => l.Bits.Weights < 8 || l.Bits.Activations < 8);
        if (count <= 0)
        {
            throw new HawqException(HawqIds.Calibration, $"The calibration set {data.Name} is empty.");
        }

        if (lowBit && options.Effort != Effort.Naive && options.EffectiveRecipe.SecondOrder && count < Least)
        {
            throw new HawqException(HawqIds.Calibration, $"Below 8 bits, effort balanced and best need at least {Least} calibration inputs (256 are recommended), and there are {count}. Give more, or use effort fast.");
        }

        if (count < Few && lowBit)
        {
            progress.Warn($"Only {count} calibration inputs: 256 are recommended below 8 bits.");
        }

        return count;
    }

    /// <summary>The histograms of the values that are needed.</summary>
    private static IReadOnlyDictionary<string, ValueHistogram> Of(CalibrationStatistics statistics, FloatGraph graph, string[] values) =>
        statistics.ModelSha256 != graph.Sha256
            ? throw new HawqException(HawqIds.Calibration, $"The statistics of {statistics.Source} are of another model: of '{statistics.Network}' with SHA-256 {statistics.ModelSha256}, not {graph.Sha256}.")
            : values.FirstOrDefault(value => !statistics.Values.ContainsKey(value)) is { } missing
                ? throw new HawqException(HawqIds.Calibration, $"The statistics of {statistics.Source} lack the value '{missing}'. Collect them again with this version (hawq calibrate).")
                : statistics.Values;

    private static Provenance Describe(FloatGraph graph, string calibration, string? statistics, QuantizerOptions options, LoweredNetwork lowered)
    {
        BitAssignment bits = options.Grids.Bits;
        List<Setting> settings =
        [
            new("calibration", calibration),
            .. statistics is null || statistics == calibration ? Array.Empty<Setting>() : [new Setting("statistics", statistics)],
            new("bits", bits.Default.ToString()),
            new("first", bits.First?.ToString() ?? bits.Default.ToString()),
            new("last", bits.Last?.ToString() ?? bits.Default.ToString()),
            .. bits.Layers.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new Setting("set " + l.Key, l.Value.ToString())),
            new("activations", options.Grids.UnsignedEightBitMaximum == 255 ? "u8" : "u7"),
            new("residual", Text(options.Grids.ResidualBits)),
            .. options.Grids.ResidualScale == ResidualScale.Stage ? [new Setting("residualScale", "stage")] : Array.Empty<Setting>(),
            .. options.Grids.ShortMultipliers ? [ShortMultipliers.Setting] : Array.Empty<Setting>(),
            new("calibrator", options.Calibrator.Name),
            new("calibrator4", options.LowBitCalibrator.Name),
            new("effort", options.Effort.ToString().ToLowerInvariant()),
            .. RecipeText.Settings(options.EffectiveRecipe, options.Effort != Effort.Naive, lowered.Linears.Select(layer => layer.Bits)),
            new("headroom", options.Headroom.ToString(CultureInfo.InvariantCulture)),
        ];
        return new Provenance($"hawq {Version}", graph.Name + ".onnx", graph.Sha256, graph.Opset, settings.ToEquatableArray());
    }

    private static string Version { get; } =
        typeof(Quantizer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
