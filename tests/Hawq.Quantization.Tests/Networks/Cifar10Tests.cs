using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Quantization.Tests.Networks;

/// <summary>The measured promises on the CIFAR-10 networks: first 1,000 test images, 256 unlabelled calibration images.</summary>
public sealed class Cifar10Tests(ITestOutputHelper log)
{
    /// <summary>Floors of docs/quantization.md. Agreement and SQNR see finer than top-1, whose standard error is 0.9.</summary>
    [SharedDataTheory]
    [InlineData("resnet20-cifar10", "8/8", "balanced", 91.5, 91.0, 98.5, 27)]
    [InlineData("resnet20-cifar10", "4/4", "fast", 91.5, 88.8, 94, 13.5)]
    [InlineData("resnet20-cifar10", "4/8", "balanced", 91.5, 90.5, 97.5, 22)]
    [InlineData("resnet20-cifar10", "4/4", "balanced", 91.5, 89.8, 95, 14.5)]
    [InlineData("resnet56-cifar10", "8/8", "naive", 92.6, 92.0, 98.5, 27)]
    public void Accuracy_stays_above_its_floor(string name, string bits, string effort, double floatTop1, double top1, double agreement, double sqnr)
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", name + ".onnx"));
        using IDataSet calibration = Cifar(graph, "train_batch_0.bin");
        using IDataSet test = Cifar(graph, "test_batch_1000.bin");
        using FloatRunner runner = new(graph);
        QuantizedModel model = Quantizer.Quantize(graph, calibration, Options(bits, effort), name + ".hawq.bin");
        EvaluationResult result = NetworkEvaluation.Run(test, model, runner.Logits(test, test.Count));
        log.WriteLine($"{name} {bits} {effort}: {result}");
        Assert.Equal(floatTop1, result.FloatTop1!.Value, 2);
        Assert.InRange(result.Top1!.Value, top1, 100);
        Assert.InRange(result.Agreement!.Value, agreement, 100);
        Assert.InRange(result.SqnrDb!.Value, sqnr, 100);
    }

    [SharedDataFact]
    public void One_scale_per_stage_costs_nothing_and_is_recorded()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        using IDataSet calibration = Cifar(graph, "train_batch_0.bin");
        using IDataSet test = Cifar(graph, "test_batch_1000.bin");
        using FloatRunner runner = new(graph);
        IReadOnlyList<float[]> logits = runner.Logits(test, 300);
        QuantizerOptions options = Options("8/8", "fast");
        QuantizedModel own = Quantizer.Quantize(graph, calibration, options, "own.hawq.bin");
        QuantizedModel stage = Quantizer.Quantize(graph, calibration, options with { Grids = options.Grids with { ResidualScale = ResidualScale.Stage } }, "stage.hawq.bin");

        Dyadic one = new(1 << 30, 30);
        Assert.Equal((0, 7), (Shortcuts(own).Count(shortcut => shortcut == one), Shortcuts(stage).Count(shortcut => shortcut == one)));
        Assert.Contains(new Setting("residualScale", "stage"), stage.Network.Provenance.Settings);
        Assert.DoesNotContain(own.Network.Provenance.Settings, setting => setting.Name == "residualScale");
        Assert.InRange(Sqnr(stage), Sqnr(own) - .5, 100);

        double Sqnr(QuantizedModel model) => NetworkEvaluation.Run(test, model, logits, 300).SqnrDb!.Value;

        static IEnumerable<Dyadic> Shortcuts(QuantizedModel model) => model.Network.Layers.OfType<AddLayer>()
            .SelectMany(add => new[] { (add.A, add.RequantizeA), (add.B, add.RequantizeB) })
            .Where(operand => model.Network.Tensor(operand.Item1).Bits == 16).Select(operand => operand.Item2);
    }

    [SharedDataFact]
    public void Short_multipliers_cost_nothing_and_are_recorded()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        using IDataSet calibration = Cifar(graph, "train_batch_0.bin");
        using IDataSet test = Cifar(graph, "test_batch_1000.bin");
        using FloatRunner runner = new(graph);
        IReadOnlyList<float[]> logits = runner.Logits(test, 300);
        QuantizerOptions options = Options("4/8", "fast");
        QuantizedModel whole = Quantizer.Quantize(graph, calibration, options, "long.hawq.bin");
        QuantizedModel shortened = Quantizer.Quantize(graph, calibration, options with { Grids = options.Grids with { ShortMultipliers = true } }, "short.hawq.bin");

        Assert.Contains(new Setting("multipliers", "short"), shortened.Network.Provenance.Settings);
        Assert.DoesNotContain(whole.Network.Provenance.Settings, setting => setting.Name == "multipliers");
        LinearLayer[] layers = [.. shortened.Network.Layers.OfType<LinearLayer>().Where(layer => layer.Weights.Bits == 4)];
        Assert.NotEmpty(layers);
        Assert.All(layers, layer => Assert.All(layer.Requantize, dyadic => Assert.True(
            dyadic.FitsInt32(31 - ShortMultipliers.BitsOf(layer.Requantize), layer.Facts.LargestAccumulator) && ShortMultipliers.BitsOf(layer.Requantize) >= 12)));
        Assert.InRange(Sqnr(shortened), Sqnr(whole) - .5, 100);

        double Sqnr(QuantizedModel model) => NetworkEvaluation.Run(test, model, logits, 300).SqnrDb!.Value;
    }

    [SharedDataFact]
    public void The_same_arguments_give_the_same_bytes_on_any_number_of_threads()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "train_batch_0.bin"), null, graph.Shapes[graph.Input], "none");
        QuantizerOptions options = Options("4/4", "balanced") with { CalibrationCount = 40 };
        QuantizedModel Quantize() => Quantizer.Quantize(graph, data, options, "x.hawq.bin");
        QuantizedModel parallel = Quantize();
        TaskScheduler oneThread = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 1).ConcurrentScheduler;
        QuantizedModel single = Task.Factory.StartNew(Quantize, CancellationToken.None, TaskCreationOptions.None, oneThread).Result;
        Assert.Equal(parallel.Network, single.Network);
        Assert.Equal(parallel.Sidecar, single.Sidecar);
    }

    [SharedDataFact]
    public void The_reference_interpreter_computes_what_the_evaluation_reports()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet20-cifar10.onnx"));
        using IDataSet data = Cifar(graph, "test_batch_1000.bin");
        QuantizedModel model = Quantizer.Quantize(graph, data, Options("4/4", "fast") with { CalibrationCount = 32 }, "x.hawq.bin");
        float[][] logits = NetworkEvaluation.Logits(data, model, 2);
        Interpreter interpreter = new(model.Network, model.Weights);
        Tensor output = model.Network.Tensor(model.Network.Outputs[0]);
        byte[] pixels = new byte[data.Shape.Length];
        for (int i = 0; i < 2; i++)
        {
            data.ReadPixels(i, pixels);
            Assert.Equal(interpreter.Run(pixels)[output.Name].Select(c => output.Scale * c), logits[i]);
        }
    }

    [SharedDataFact]
    public void Too_few_inputs_for_second_order_rounding_are_refused()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "train_batch_0.bin"), null, graph.Shapes[graph.Input], "none");
        HawqException exception = Assert.Throws<HawqException>(
            () => Quantizer.Quantize(graph, data, Options("4/4", "balanced") with { CalibrationCount = 31 }, "x.hawq.bin"));
        Assert.Equal(HawqIds.Calibration, exception.Id);
    }

    [SharedDataFact]
    public void Cancelling_stops_the_work()
    {
        FloatGraph graph = OnnxImporter.Load(SharedData.PathOf("models", "resnet8-mlperf-cifar10.onnx"));
        using IDataSet data = DataSet.Open(SharedData.PathOf("cifar10", "train_batch_0.bin"), null, graph.Shapes[graph.Input], "none");
        using CancellationTokenSource cancel = new();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => Quantizer.Quantize(graph, data, Options("8/8", "balanced"), "x.hawq.bin", null, cancel.Token));
    }

    private static QuantizerOptions Options(string bits, string effort) => new()
    {
        Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits))),
        Effort = Enum.Parse<Effort>(effort, ignoreCase: true),
    };

    private static IDataSet Cifar(FloatGraph graph, string file) =>
        DataSet.Open(SharedData.PathOf("cifar10", file), null, graph.Shapes[graph.Input], "cifar10");
}
