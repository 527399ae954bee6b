using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Search;
using Hawq.Quantization.Sensitivity;
using Hawq.Quantization.Tests.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.MixedPrecision;

public class MixedPrecisionTests
{
    private static readonly SensitivityTable s_table = new(
        "tiny", null, null, 0, null, EquatableArray.Of<Setting>(),
        TinyNetwork.Graph.Nodes.Where(node => node is ConvNode or GemmNode).Select((node, i) => new LayerSensitivity(node.Name, EquatableArray.Of(
            new OptionSensitivity(LayerBits.Eight, 0.001, null), new OptionSensitivity(new(4, 8), 0.1 * (i + 1), null), new OptionSensitivity(new(4, 4), i + 1, null)))).ToEquatableArray());

    [Fact]
    public void Costs_are_packed_bytes_and_bit_operations()
    {
        BitSearchProblem problem = MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, Free());

        // conv: 3 channels of 18 weights on 16 positions; 4 bits: 9 bytes a channel. inner: 3 weights a channel are 2 bytes at 4 bits.
        Assert.Equal([54m, 64 * 54 * 16], problem.Layers[0].Options[0].Costs);
        Assert.Equal([27m, 32 * 54 * 16], problem.Layers[0].Options[1].Costs);
        Assert.Equal([6m, 16 * 9 * 16], problem.Layers[1].Options[2].Costs);
        Assert.Equal([192m, 64 * 192], problem.Layers[2].Options[0].Costs);
    }

    [Fact]
    public void First_and_last_layer_keep_8_bits_unless_told_otherwise()
    {
        BitSearchProblem problem = MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, new MixedPrecisionOptions());

        Assert.Equal([LayerBits.Eight, null, LayerBits.Eight], problem.Layers.Select(layer => layer.Forced));
        Assert.Equal([null, null, null], MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, Free()).Layers.Select(layer => layer.Forced));
    }

    [Fact]
    public void Set_wins_over_the_rest_and_names_real_layers()
    {
        MixedPrecisionOptions options = new() { Set = new Dictionary<string, LayerBits> { ["conv"] = new(4, 4) } };

        Assert.Equal(new LayerBits(4, 4), MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, options).Layers[0].Forced);
        options = options with { Set = new Dictionary<string, LayerBits> { ["cnov"] = new(4, 4) } };
        Assert.Contains("no layer 'cnov'", Assert.Throws<HawqException>(() => MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, options)).Message);
    }

    [Fact]
    public void Readers_of_one_value_share_activation_bits_and_a_downsample_convolution_all_bits()
    {
        // block: x -> conv1 3x3 -> relu -> conv2; x -> down 1x1; add.
        Size2 one = new(1, 1);
        ConvNode Conv(string name, string input, string output, int kernel) =>
            new(name, input, output, new float[kernel * kernel], [0], new Size2(kernel, kernel), one, new Padding(kernel / 2, kernel / 2, kernel / 2, kernel / 2), one, 1);
        FloatNode[] nodes =
        [
            Conv("down", "x", "d", 1), Conv("conv1", "x", "a", 3), new ClipNode("relu", "a", "b", 0, float.PositiveInfinity), Conv("conv2", "b", "c", 3),
            new AddNode("add", "c", "d", "e"),
        ];
        FloatGraph graph = new("block", 13, "", "x", ["e"], nodes, "xabcde".ToDictionary(c => c.ToString(), _ => new Shape(4, 4, 1)), []);

        LayerTie[] ties = [.. GraphTies.Find(graph, [nodes[0], nodes[1], nodes[3]])];

        Assert.Equal([new LayerTie(EquatableArray.Of(0, 1), true), new LayerTie(EquatableArray.Of(1, 0))], ties);
    }

    [Fact]
    public void A_latency_budget_needs_a_table_with_every_time()
    {
        MixedPrecisionOptions options = Free() with { Budgets = [Budget.Absolute(CostNames.Latency, 100)] };
        LatencyTable part = new("tiny", null, "avx2", null, EquatableArray.Of(new LayerLatency("conv", LayerBits.Eight, 10)));

        Assert.Contains("--latency-table", Assert.Throws<HawqException>(() => MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, options)).Message);
        Assert.Contains(
            "no time for layer 'conv' at 4/8",
            Assert.Throws<HawqException>(() => MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table, options with { Latency = part })).Message);
    }

    [Fact]
    public void Sensitivities_of_another_model_are_refused() =>
        Assert.Contains(
            "another model",
            Assert.Throws<HawqException>(() => MixedPrecisionProblem.Build(TinyNetwork.Graph, s_table with { ModelSha256 = "abc" }, Free())).Message);

    [Fact]
    public void A_latency_table_reads_back_the_same()
    {
        LatencyTable table = new("tiny", "ab", "avx2", "one core", EquatableArray.Of(new LayerLatency("conv", LayerBits.Eight, 10.5m), new LayerLatency("conv", new(4, 4), 7)));

        Assert.Equal(table, LatencyTable.Parse(table.Serialize(), "t.json"));
    }

    [Theory]
    [InlineData("bops=0.5", "bops", 0.5, true)]
    [InlineData("bops=1.2G", "bops", 1_200_000_000, false)]
    [InlineData("size=200kB", "size", 200_000, false)]
    [InlineData("size=1MiB", "size", 1_048_576, false)]
    [InlineData("latency=850us", "latency", 850_000, false)]
    [InlineData("latency=1.5ms", "latency", 1_500_000, false)]
    [InlineData("size=0", "size", 0, true)]
    public void Budgets_are_read_as_people_type_them(string text, string cost, double value, bool alpha) =>
        Assert.Equal(new Budget(cost, (decimal)value, alpha), BudgetText.Parse(text));

    [Theory]
    [InlineData("bops")]
    [InlineData("energy=1")]
    [InlineData("bops=1.5")]
    [InlineData("bops=-1")]
    [InlineData("latency=850kB")]
    public void Anything_else_is_refused_with_the_units(string text) =>
        Assert.Equal(HawqIds.Usage, Assert.Throws<HawqException>(() => BudgetText.Parse(text)).Id);

    [Fact]
    public void A_network_is_quantized_with_the_chosen_bits_and_says_so()
    {
        RandomData data = new(TinyNetwork.Input, 64);
        MixedPrecisionOptions options = Free() with { Budgets = [Budget.Between(CostNames.Bops, 0.5m)] };

        MixedPrecisionResult result = MixedPrecisionQuantizer.Quantize(
            TinyNetwork.Graph, data, new QuantizerOptions(), options, SensitivityAnalysis.Run(TinyNetwork.Graph, data, new SensitivityOptions()), "t.hawq.bin");

        Assert.True(result.Solution.Budgets[0].Used <= result.Solution.Budgets[0].Limit);
        Assert.Contains(result.Tried, tried => tried.Name == "uniform 4/8" || result.Solution.Best.Bits.All(bits => bits == new LayerBits(4, 8)));
        Assert.Equal(result.Tried.Max(tried => tried.Result.SqnrDb), result.Tried[result.Chosen].Result.SqnrDb);
        Assert.Equal(
            result.Tried[result.Chosen].Assignment.Bits.Select(bits => bits.Weights), result.Model.Network.Layers.OfType<LinearLayer>().Select(layer => layer.Weights.Bits));
        Assert.Contains(result.Model.Network.Provenance.Settings, setting => setting is { Name: "budgets", Value: "bops=alpha 0.5" });
    }

    private static MixedPrecisionOptions Free() => new() { First = null, Last = null };
}
