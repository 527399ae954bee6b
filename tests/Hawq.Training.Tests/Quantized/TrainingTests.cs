using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Reference;
using Hawq.Testing;
using Hawq.Training.Gradients;
using Hawq.Training.Quantized;
using Hawq.Training.ZeroShot;
using Xunit;

namespace Hawq.Training.Tests.Quantized;

public sealed class TrainingTests
{
    private static readonly TrainingOptions Short = new() { Steps = 12, BatchSize = 16, RunSize = 8, Distillation = 1, Rate = .03 };

    [Theory]
    [InlineData("8/8")]
    [InlineData("4/4")]
    [InlineData("2/4")]
    public void The_forward_pass_is_the_integer_network(string bits)
    {
        QuantizedModel model = Quantize(bits);
        Assert.Equal(Logits(model, TinyNetwork.Data(8, 3)), TapeLogits(model, TinyNetwork.Data(8, 3), TinyNetwork.Folded));
    }

    [Fact]
    public void Short_multipliers_stay_short()
    {
        QuantizedModel start = Quantize("4/4", shortMultipliers: true);
        Assert.Contains(start.Network.Layers.OfType<LinearLayer>(), layer => ShortMultipliers.BitsOf(layer.Requantize) < 20);
        Assert.Equal(Logits(start, TinyNetwork.Data(8, 3)), TapeLogits(start, TinyNetwork.Data(8, 3), TinyNetwork.Folded));

        QuantizedModel trained = Train(start, Short).Model;
        Assert.All(trained.Network.Layers.OfType<LinearLayer>(), layer => Assert.All(layer.Requantize, multiplier => Assert.True(multiplier.FitsInt32(
            31 - ShortMultipliers.BitsOf(layer.Requantize), layer.Facts.LargestAccumulator))));
        Assert.Equal(Logits(trained, TinyNetwork.Data(8, 3)), TapeLogits(trained, TinyNetwork.Data(8, 3), TinyNetwork.Folded));
    }

    [SharedDataTheory]
    [InlineData("4/4")]
    [InlineData("8/8")]
    public void The_forward_pass_of_resnet8_is_the_integer_network(string bits)
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], "none");
        QuantizedModel model = Quantizer.Quantize(
            graph, data, new QuantizerOptions { Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits))), Effort = Effort.Fast, CalibrationCount = 32 }, "x.hawq.bin");
        Assert.Equal(Logits(model, data), TapeLogits(model, data, graph));
    }

    [Fact]
    public void What_was_trained_is_what_the_reference_computes()
    {
        QuantizedModel start = Quantize("4/4");
        TrainingResult result = Train(start, Short);
        Assert.NotEqual(start.Sidecar, result.Model.Sidecar);
        SyntheticDataSet data = TinyNetwork.Data(8, 3);
        float[] logits = Logits(result.Model, data);
        Assert.Equal(logits, TapeLogits(result.Model, data, TinyNetwork.Folded));
        Interpreter interpreter = new(result.Model.Network, result.Model.Weights);
        Tensor output = result.Model.Network.Tensor(result.Model.Network.Outputs[0]);
        byte[] pixels = new byte[data.Shape.Length];
        data.ReadPixels(0, pixels);
        Assert.Equal(interpreter.Run(pixels)[output.Name].Select(code => output.Scale * code), logits[..3]);
        string json = ManifestWriter.Write(result.Model.Network);
        Assert.Equal(result.Model.Network, ManifestReader.Read(json, "x").Network);
    }

    [Fact]
    public void Training_brings_a_2_bit_network_closer_to_the_float_network()
    {
        QuantizedModel start = Quantize("2/4", Effort.Naive);
        TrainingResult result = Train(start, Short with { Steps = 60, Temperature = 1, Augment = false });
        EvaluationResult before = Evaluate(start), after = Evaluate(result.Model);
        Assert.True(after.Kl < .6 * before.Kl, $"{before} {after}");
        Assert.True(result.LastLoss < result.FirstLoss, result.ToString());
    }

    [Fact]
    public async Task The_same_arguments_give_the_same_bytes_on_any_number_of_threads()
    {
        QuantizedModel start = Quantize("4/4"), parallel = Train(start, Short).Model;
        TaskScheduler oneThread = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 1).ConcurrentScheduler;
        QuantizedModel single = await Task.Factory.StartNew(() => Train(start, Short).Model, CancellationToken.None, TaskCreationOptions.None, oneThread);
        Assert.Equal(parallel.Network, single.Network);
        Assert.Equal(parallel.Sidecar, single.Sidecar);
        Assert.NotEqual(parallel.Sidecar, Train(start, Short with { Seed = 2 }).Model.Sidecar);
    }

    [Fact]
    public void An_interrupted_training_ends_where_an_uninterrupted_one_does()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            QuantizedModel start = Quantize("4/4");
            TrainingOptions options = Short with { Checkpoint = file, CheckpointEvery = 4 };
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(() => Train(start, options, new StopAfter(6, stop), stop.Token));
            Assert.True(File.Exists(file));
            QuantizedModel resumed = Train(start, options).Model;
            Assert.Equal(Train(start, Short).Model.Sidecar, resumed.Sidecar);

            HawqException other = Assert.Throws<HawqException>(() => Train(start, options with { Rate = .02 }));
            Assert.Equal(HawqIds.Checkpoint, other.Id);
            byte[] bytes = File.ReadAllBytes(file);
            bytes[^100] ^= 1;
            File.WriteAllBytes(file, bytes);
            Assert.Equal(HawqIds.Checkpoint, Assert.Throws<HawqException>(() => Train(start, options)).Id);

            // Cut off, with a hash that is right: made to look whole.
            bytes[^100] ^= 1;
            byte[] cut = bytes[..(bytes.Length / 2)];
            File.WriteAllBytes(file, [.. cut, .. System.Security.Cryptography.SHA256.HashData(cut)]);
            Assert.Equal(HawqIds.Checkpoint, Assert.Throws<HawqException>(() => Train(start, options)).Id);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_budget_ends_the_training_early()
    {
        TrainingResult result = Train(Quantize("4/4"), Short with { Steps = 1_000_000, Budget = TimeSpan.FromSeconds(1) });
        Assert.InRange(result.Steps, 1, 100_000);
    }

    [Theory]
    [InlineData(WeightTraining.StraightThrough)]
    [InlineData(WeightTraining.MeanField)]
    [InlineData(WeightTraining.ProjectedGradient)]
    public void Binary_weights_are_binary_at_the_end_and_run_in_the_integer_network(WeightTraining weights)
    {
        TrainingResult result = Train(Quantize("2/8"), Short with { Binary = true, Weights = weights });
        foreach (LinearLayer layer in result.Model.Network.Layers.OfType<LinearLayer>().Where(l => l.Weights.Bits == 2))
        {
            Assert.All(result.Model.Weights.Unpack(layer.Weights), code => Assert.Contains(code, new sbyte[] { -1, 1 }));
        }

        Assert.All(Logits(result.Model, TinyNetwork.Data(8, 3)), logit => Assert.True(float.IsFinite(logit)));
    }

    [Theory]
    [InlineData(WeightTraining.StraightThrough)]
    [InlineData(WeightTraining.MeanField)]
    [InlineData(WeightTraining.ProjectedGradient)]
    public void Binary_training_starts_at_the_binary_codes_that_post_training_found(WeightTraining weights)
    {
        QuantizedModel start = Quantize("1/8", Effort.Balanced), trained = Train(start, Short with { Binary = true, Weights = weights, Steps = 2, Rate = 1e-5 }).Model;
        foreach ((LinearLayer before, LinearLayer after) in Inner(start).Zip(Inner(trained)))
        {
            Assert.Equal(start.Weights.Unpack(before.Weights), trained.Weights.Unpack(after.Weights));
        }
    }

    [Fact]
    public void A_demand_on_int16_sums_still_holds_after_training()
    {
        // Every sum over all steps of a layer: 8-bit weights would be far beyond it.
        QuantizedModel free = Quantize("8/8"), start = Quantize("8/8@4096"), trained = Train(start, Short with { Rate = .5 }).Model;
        Assert.Contains(Inner(free), layer => Worst(free, layer) > short.MaxValue);
        Assert.NotEqual(start.Sidecar, trained.Sidecar);
        Assert.All(Inner(trained), layer => Assert.InRange(Worst(trained, layer), 1, short.MaxValue));
        Assert.Equal(Logits(trained, TinyNetwork.Data(8, 3)), TapeLogits(trained, TinyNetwork.Data(8, 3), TinyNetwork.Folded));
    }

    [Fact]
    public void Discrete_labels_cannot_keep_a_demand_and_say_so() => Assert.Contains(
        "cannot keep a demand", Assert.Throws<HawqException>(() => Train(Quantize("2/8@6"), Short with { Weights = WeightTraining.MeanField })).Message, StringComparison.Ordinal);

    [Fact]
    public void Discrete_training_without_2_bit_weights_is_refused() =>
        Assert.Equal(HawqIds.TrainingUnsupported, Assert.Throws<HawqException>(() => Train(Quantize("4/4"), Short with { Binary = true })).Id);

    [Fact]
    public void Another_model_than_the_one_that_was_quantized_is_refused()
    {
        QuantizedModel model = Quantize("4/4");
        FloatGraph other = TinyNetwork.Folded with { Sha256 = new string('1', 64) };
        Assert.Contains("hashes differ", Assert.Throws<HawqException>(
            () => QuantizationAwareTraining.Run(model.Network, model.Weights, other, TinyNetwork.Data(16, 1), Short, "x.hawq.bin")).Message, StringComparison.Ordinal);
    }

    private static TrainingResult Train(QuantizedModel start, TrainingOptions options, IProgressSink? progress = null, CancellationToken cancellation = default) =>
        QuantizationAwareTraining.Run(start.Network, start.Weights, TinyNetwork.Folded, TinyNetwork.Data(48, 1), options, "x.hawq.bin", progress, cancellation);

    private static IEnumerable<LinearLayer> Inner(QuantizedModel model) => model.Network.Layers.OfType<LinearLayer>().SkipLast(1).Skip(1);

    /// <summary>Largest sum of products that an int16 lane could see over a whole channel.</summary>
    private static long Worst(QuantizedModel model, LinearLayer layer)
    {
        LaneWindow whole = layer.Facts.Windows.MaxBy(window => window.Steps)!;
        return model.Network.Tensor(layer.Input).Hi * (long)Math.Max(whole.Positive, -whole.Negative);
    }

    private static QuantizedModel Quantize(string bits, Effort effort = Effort.Fast, bool shortMultipliers = false) => Quantizer.Quantize(
        TinyNetwork.Folded, TinyNetwork.Data(48, 1),
        new QuantizerOptions { Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits))) { ShortMultipliers = shortMultipliers }, Effort = effort }, "x.hawq.bin");

    private static EvaluationResult Evaluate(QuantizedModel model)
    {
        SyntheticDataSet data = TinyNetwork.Data(96, 7);
        using FloatRunner runner = new(TinyNetwork.Folded);
        return NetworkEvaluation.Run(data, model, runner.Logits(data, data.Count));
    }

    private static float[] Logits(QuantizedModel model, IDataSet data) => [.. NetworkEvaluation.Logits(data, model, 8).SelectMany(row => row)];

    private static float[] TapeLogits(QuantizedModel model, IDataSet data, FloatGraph graph)
    {
        TrainedNetwork trained = new(model.Network, model.Weights, graph, Short);
        Tape tape = new();
        IntegerNetworkTape written = IntegerNetworkTape.Write(tape, model.Network, 8, trained.ScaledTensors);
        using TapeSession session = new(tape, written.Logits);
        Batch<int> codes = NetworkEvaluation.Codes(data, model.Network, 0, 8);
        Shape shape = codes.Shape;
        int positions = shape.Height * shape.Width;
        float[] input = new float[codes.Data.Length];
        for (int i = 0; i < input.Length; i++)
        {
            int k = i % shape.Length;
            input[i - k + (k % shape.Channels * positions) + (k / shape.Channels)] = codes.Data[i] - model.Network.Tensor(model.Network.Input.Tensor).ZeroPoint;
        }

        Dictionary<string, float[]> values = trained.TapeInputs();
        values.Add(IntegerNetworkTape.Input, input);
        return session.Run(values)[0];
    }

    private sealed class StopAfter(int steps, CancellationTokenSource source) : IProgressSink
    {
        public void Begin(string phase, int count)
        {
        }

        public void Step(int step, string? detail = null)
        {
            if (step == steps)
            {
                source.Cancel();
            }
        }
    }
}
