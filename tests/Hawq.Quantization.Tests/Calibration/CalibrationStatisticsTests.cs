using System.Text;
using CsCheck;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;
using Hawq.Quantization.Lowering;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Quantization.Tests.Calibration;

/// <summary>Calibration in parts: shards of the inputs, collected anywhere, merged in any order, equal to all inputs at once.</summary>
public sealed class CalibrationStatisticsTests
{
    private const int Inputs = 40;

    [Fact]
    public void Shards_in_any_order_are_the_whole_to_the_byte() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, Inputs - 1].HashSet[0, 5], Gen.Int).Sample((seed, cuts, order) =>
        {
            (FloatGraph graph, MemoryData data) = Create(seed);
            int[] ends = [0, .. cuts.Order(), Inputs];
            CalibrationStatistics[] shards = [.. ends.Zip(ends.Skip(1)).Select(shard => CalibrationStatistics.Collect(graph, data, shard.First, shard.Second - shard.First))];
            new Random(order).Shuffle(shards);

            CalibrationStatistics merged = CalibrationStatistics.Merge(shards.Select(shard => StatisticsFile.Parse(StatisticsFile.Serialize(shard), "shard.json")));

            Assert.Equal(StatisticsFile.Serialize(CalibrationStatistics.Collect(graph, data, 0, Inputs)), StatisticsFile.Serialize(merged));
        }, iter: 25);

    [Theory]
    [InlineData("8/8", 16, "minmax")]
    [InlineData("4/8", 16, "mse")]
    [InlineData("4/4", 8, "kl")]
    [InlineData("2/4", 16, "percentile:99")]
    public void A_network_from_shards_is_the_one_from_all_inputs(string bits, int residual, string calibrator)
    {
        QuantizerOptions options = new()
        {
            Effort = Effort.Naive,
            Grids = new GridOptions(new BitAssignment(LayerBits.Parse(bits))) { ResidualBits = residual },
            Calibrator = ActivationCalibrator.Parse(calibrator),
        };
        for (int seed = 1; seed <= 8; seed++)
        {
            (FloatGraph graph, MemoryData data) = Create(seed);
            QuantizedModel whole = Quantizer.Quantize(graph, data, options, "n.bin");

            CalibrationStatistics shards = CalibrationStatistics.Merge([CalibrationStatistics.Collect(graph, data, 23, Inputs), CalibrationStatistics.Collect(graph, data, 0, 23)]);
            QuantizedModel merged = Quantizer.Quantize(graph, shards, options, "n.bin");

            Assert.Equal(whole.Network, merged.Network);
            Assert.Equal(whole.Sidecar, merged.Sidecar);
        }
    }

    [Fact]
    public void Other_efforts_take_the_ranges_of_sums_and_outputs_from_the_statistics()
    {
        OnnxModelBuilder model = new();
        FloatGraph graph = model.Output(model.Node("Conv", [model.Input("x", null, 3, 4, 4), model.Random(0.5f, 5, 3, 3, 3)])).Import();
        MemoryData data = MemoryData.Noise(graph.Shapes[graph.Input], Inputs);
        MemoryData louder = new("louder", data.Shape, [.. Enumerable.Range(0, 4).Select(i => OnnxRunner.Noise(data.Shape.Length, i).Select(x => 8 * x).ToArray())]);

        Network plain = Quantizer.Quantize(graph, data, new QuantizerOptions(), "n.bin").Network;
        Network wide = Quantizer.Quantize(graph, data, new QuantizerOptions(), "n.bin", statistics: CalibrationStatistics.Collect(graph, louder, 0, 4)).Network;

        Assert.Equal(plain.Tensor(plain.Input.Tensor), wide.Tensor(wide.Input.Tensor));
        Assert.True(wide.Tensor(wide.Outputs[0]).Scale > 2 * plain.Tensor(plain.Outputs[0]).Scale);
        Assert.Contains(new Setting("calibration", "noise, first 40"), wide.Provenance.Settings);
        Assert.Contains(new Setting("statistics", "louder, first 4"), wide.Provenance.Settings);
    }

    [Fact]
    public void No_input_counts_twice()
    {
        (FloatGraph graph, MemoryData data) = Create(1);
        CalibrationStatistics head = CalibrationStatistics.Collect(graph, data, 0, 10), tail = CalibrationStatistics.Collect(graph, data, 9, 5);

        Assert.Contains("Input 9 of noise", Refused(() => CalibrationStatistics.Merge([tail, head])), StringComparison.Ordinal);
        Assert.Contains("Input 0 of noise", Refused(() => CalibrationStatistics.Merge([head, head])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_is_named_in_the_manifest()
    {
        (FloatGraph graph, MemoryData data) = Create(1);
        CalibrationStatistics holed = CalibrationStatistics.Merge([CalibrationStatistics.Collect(graph, data, 30, 99), CalibrationStatistics.Collect(graph, data, 0, 10)]);

        Network network = Quantizer.Quantize(graph, holed, new QuantizerOptions { Effort = Effort.Naive }, "n.bin").Network;

        Assert.Contains(new Setting("calibration", "noise, first 10; noise, 10 from 30"), network.Provenance.Settings);
    }

    [Fact]
    public void Statistics_of_another_model_or_preprocessing_are_refused()
    {
        (FloatGraph graph, MemoryData data) = Create(1);
        CalibrationStatistics own = CalibrationStatistics.Collect(graph, data, 0, 8);
        CalibrationStatistics other = own with { ModelSha256 = new string('0', 64), Inputs = [new InputRange("noise", 8, 8)] };
        CalibrationStatistics images = own with { Preprocess = Preprocessing.Load("none", 3), Inputs = [new InputRange("noise", 8, 8)] };
        QuantizerOptions naive = new() { Effort = Effort.Naive };

        Assert.Contains("another model", Refused(() => CalibrationStatistics.Merge([own, other])), StringComparison.Ordinal);
        Assert.Contains("another way", Refused(() => CalibrationStatistics.Merge([own, images])), StringComparison.Ordinal);
        Assert.Contains("another model", Refused(() => Quantizer.Quantize(graph, other, naive, "n.bin")), StringComparison.Ordinal);
        Assert.Contains("another way", Refused(() => Quantizer.Quantize(graph, data, naive, "n.bin", statistics: images)), StringComparison.Ordinal);
        Assert.Contains("There is no input 40", Refused(() => CalibrationStatistics.Collect(graph, data, Inputs, 1)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"count\": ", "\"count\": 1", "contradict")]
    [InlineData("\"zeros\": ", "\"zeros\": 9", "contradict")]
    [InlineData("\"min\": -", "\"min\": 9", "contradict")]
    [InlineData("\"max\": ", "\"max\": 9", "contradict")]
    [InlineData("\"bins\": \"", "\"bins\": \"////////////////", "bins")]
    [InlineData("\"bins\": \"", "\"bins\": \"*", "Base 64")]
    public void A_file_whose_figures_contradict_each_other_is_refused_with_its_place(string text, string changed, string message)
    {
        (FloatGraph graph, MemoryData data) = Create(1);
        string file = Encoding.UTF8.GetString(StatisticsFile.Serialize(CalibrationStatistics.Collect(graph, data, 0, 4)));
        int input = file.IndexOf($"\"name\": \"{graph.Input}\"", StringComparison.Ordinal), at = file.IndexOf(text, input, StringComparison.Ordinal);

        HawqException error = Assert.Throws<HawqException>(() => StatisticsFile.Parse(Encoding.UTF8.GetBytes(file[..at] + changed + file[(at + text.Length)..]), "s.json"));

        Assert.Equal(HawqIds.Calibration, error.Id);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.True(error.Line > 10, $"line {error.Line}");
    }

    private static string Refused(Action action)
    {
        HawqException error = Assert.Throws<HawqException>(action);
        Assert.Equal(HawqIds.Calibration, error.Id);
        return error.Message;
    }

    private static (FloatGraph Graph, MemoryData Data) Create(int seed)
    {
        FloatGraph graph = RandomGraphs.Create(seed).Model.Import();
        return (graph, MemoryData.Noise(graph.Shapes[graph.Input], Inputs));
    }
}
