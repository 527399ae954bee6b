using System.Diagnostics;
using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Rounding;
using Hawq.Training.Gradients;
using Hawq.Training.Optimization;
using Hawq.Training.ZeroShot;

namespace Hawq.Training.Quantized;

/// <summary>A trained network and how the training went.</summary>
/// <param name="Model">The network.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="FirstLoss">Mean loss of the first tenth of the steps of this run.</param>
/// <param name="LastLoss">Mean loss of the last tenth.</param>
/// <param name="Elapsed">Wall-clock time of this run.</param>
public sealed record TrainingResult(QuantizedModel Model, int Steps, double FirstLoss, double LastLoss, TimeSpan Elapsed);

/// <summary>
/// Quantization-aware training of a finished manifest: forward, exactly the integers that will be deployed; backward, straight-through gradients for
/// weights, learned steps for weights (per channel) and low-bit activations. Batch normalization is folded from the start: the learned step per channel and
/// the bias take the place of its scale and offset.
/// </summary>
public static class QuantizationAwareTraining
{
    /// <summary>Trains.</summary>
    /// <param name="network">Where to start: a quantized network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="graph">The float network that it was made from: its weights say which way a code leans, and it is the teacher of a distillation.</param>
    /// <param name="data">Training inputs; labelled unless the distillation is complete.</param>
    /// <param name="options">How.</param>
    /// <param name="weightsFile">File name of the sidecar.</param>
    /// <param name="progress">Shows the phase <c>train</c>.</param>
    /// <param name="cancellation">Stops between steps; the last checkpoint stays.</param>
    /// <returns>The same for the same arguments on any number of threads, unless a wall-clock budget cuts it short.</returns>
    /// <exception cref="HawqException">The network, the data or the checkpoint cannot be used.</exception>
    public static TrainingResult Run(
        Network network, NetworkWeights weights, FloatGraph graph, IDataSet data, TrainingOptions options, string weightsFile, IProgressSink? progress = null,
        CancellationToken cancellation = default)
    {
        Check(network, graph, data, options);
        CheckBudgets(network, options);
        TrainedNetwork trained = new(network, weights, graph, options);
        Adam optimizer = new();
        string key = Key(network, data, options);
        if (options.Checkpoint is { } file && File.Exists(file))
        {
            Checkpoint.Read(file, key, trained, optimizer);
        }

        using TrainingGraph run = new(network, trained, graph, options);
        TrainingData inputs = new(network, data, options);
        Stopwatch watch = Stopwatch.StartNew();
        List<double> losses = [];
        int first = optimizer.Steps;
        progress?.Begin("train", options.Steps);
        double Progress() => Math.Max((double)optimizer.Steps / options.Steps, options.Budget is { } budget ? watch.Elapsed / budget : 0);
        while (Progress() is var done && done < 1)
        {
            cancellation.ThrowIfCancellationRequested();
            trained.Softness = MeanFieldSchedule.Softness(done);
            TrainingGradients gradients = run.Run(inputs, (long)optimizer.Steps * options.BatchSize);
            trained.Step(optimizer, LearningRate.Cosine(options.Rate, done, .05), gradients.Weights, gradients.Biases, gradients.Scales);
            losses.Add(gradients.Loss);
            progress?.Step(optimizer.Steps, string.Create(CultureInfo.InvariantCulture, $"loss {losses.TakeLast(20).Average():0.000}"));
            if (options.Checkpoint is { } path && (optimizer.Steps % options.CheckpointEvery == 0 || optimizer.Steps == options.Steps))
            {
                Checkpoint.Write(path, key, trained, optimizer);
            }
        }

        int tenth = Math.Max(1, losses.Count / 10);
        QuantizedModel model = trained.ToModel(Settings(data, inputs.Count, options, optimizer.Steps), weightsFile);
        return new TrainingResult(
            model, optimizer.Steps, losses.Take(tenth).DefaultIfEmpty(double.NaN).Average(), losses.TakeLast(tenth).DefaultIfEmpty(double.NaN).Average(), watch.Elapsed);
    }

    private static void Check(Network network, FloatGraph graph, IDataSet data, TrainingOptions options)
    {
        if (network.Provenance.SourceSha256 != graph.Sha256)
        {
            throw new HawqException(
                HawqIds.TrainingUnsupported, $"The manifest was made from {network.Provenance.Source}, and that was another file than '{graph.Name}.onnx' (their hashes differ). Give the model that was quantized.");
        }

        if (options.Distillation < 1 && data.Labels.Count == 0)
        {
            throw new HawqException(HawqIds.Data, $"{data.Name} has no labels. Give labels, or learn from the float network alone (--distill 1).");
        }

        if ((options.Binary || options.Weights != WeightTraining.StraightThrough) && network.Layers.OfType<LinearLayer>().All(layer => layer.Weights.Bits != 2))
        {
            throw new HawqException(HawqIds.TrainingUnsupported, "No layer has 2-bit weights, which binary and ternary training is for. Quantize with --bits 2/8 first.");
        }
    }

    private static void CheckBudgets(Network network, TrainingOptions options)
    {
        if ((options.Binary || options.Weights != WeightTraining.StraightThrough)
            && network.Layers.OfType<LinearLayer>().FirstOrDefault(layer => layer.Weights.Bits == 2 && LaneBudget.Of(network, layer) is not null) is { } layer)
        {
            throw new HawqException(
                HawqIds.TrainingUnsupported, $"The layer '{layer.Name}' was quantized as {AskedBits.Of(network, layer)}, and discrete labels cannot keep a demand on sums. Train it with --weights StraightThrough.");
        }
    }

    private static string Key(Network network, IDataSet data, TrainingOptions options) =>
        $"{network.WeightsFile.Sha256} {data.Name} {data.Count} {options with { Checkpoint = null, Budget = null, CheckpointEvery = 0 }}";

    private static IEnumerable<Setting> Settings(IDataSet data, int count, TrainingOptions options, int steps) =>
    [
        new("training", string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Name}, first {count}, {steps} steps of {options.BatchSize}, rate {options.Rate}, seed {options.Seed}{(options.Augment ? ", mirrored and moved" : "")}")),
        new("weights", $"{options.Weights}{(options.Binary ? ", binary" : "")}"),
        .. options.Distillation > 0
            ? (Setting[])[new("distillation", string.Create(CultureInfo.InvariantCulture, $"weight {options.Distillation}, temperature {options.Temperature}"))]
            : [],
    ];
}

/// <summary>How sharp the labels of a proximal mean-field are over time.</summary>
internal static class MeanFieldSchedule
{
    private const double First = 10;
    private const double Last = 400;

    /// <summary>Grows geometrically and ends where a softmax of scores that differ by a tenth is one-hot.</summary>
    public static double Softness(double progress) => First * Math.Pow(Last / First, Math.Min(1, progress / .9));
}
