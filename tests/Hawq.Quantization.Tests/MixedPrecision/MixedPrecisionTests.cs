using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
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
        LatencyTable table = new("tiny", "ab", "avx2", "one core", EquatableArray.Of(new LayerLatency("conv", LayerBits.Eight, 10.5m, "avx2/tree/2"), new LayerLatency("conv", new(4, 4), 7)));

        Assert.Equal(table, LatencyTable.Parse(table.Serialize(), "t.json"));
    }

    [Theory]
    [InlineData("8/8", 8, 8, 0)]
    [InlineData("4", 4, 4, 0)]
    [InlineData("1/8", 1, 8, 0)]
    [InlineData("8/8@6", 8, 8, 6)]
    public void Bits_are_read_as_they_are_written(string text, int weights, int activations, int window)
    {
        Assert.Equal(new LayerBits(weights, activations, window), LayerBits.Parse(text));
        Assert.Equal(LayerBits.Parse(text), LayerBits.Parse(LayerBits.Parse(text).ToString()));
    }

    [Theory]
    [InlineData("3/8")]
    [InlineData("8/8@0")]
    [InlineData("8/8@")]
    [InlineData("8/8@6@6")]
    [InlineData("1/8@6")]
    [InlineData("8/9")]
    public void Other_bits_are_refused(string text) => Assert.Equal(HawqIds.Usage, Assert.Throws<HawqException>(() => LayerBits.Parse(text)).Id);

    [Fact]
    public void Between_the_extremes_of_a_budget_the_widest_has_no_demand_on_its_sums()
    {
        LayerBits kept = new(8, 8, 6);
        EquatableArray<LayerLatency> times = TinyNetwork.Graph.Nodes.Where(LayerParameters.Has)
            .SelectMany(node => new[] { new LayerLatency(node.Name, LayerBits.Eight, 10), new LayerLatency(node.Name, kept, 8) }).ToEquatableArray();
        SensitivityTable table = s_table with
        {
            Layers = s_table.Layers.Select(layer => layer with { Options = EquatableArray.Of(new OptionSensitivity(LayerBits.Eight, 0, null), new OptionSensitivity(kept, 1, null)) }).ToEquatableArray(),
        };
        MixedPrecisionOptions options = Free() with
        {
            Options = [kept, LayerBits.Eight], Latency = new LatencyTable("tiny", null, "avx2", null, times), Budgets = [Budget.Between(CostNames.Latency, 0.4m)],
        };

        BitSearchSolution solution = BitSearch.Solve(MixedPrecisionProblem.Build(TinyNetwork.Graph, table, options));

        // Three layers: from 24 to 30 ns; 26.4 ns pay for one layer without the demand.
        Assert.Equal(26.4m, solution.Budgets[0].Limit);
        Assert.Equal(2, solution.Best.Bits.Count(bits => bits == kept));
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

    [Fact]
    public void Candidates_are_judged_on_inputs_that_they_were_not_fitted_to()
    {
        RandomData data = new(TinyNetwork.Input, 160);
        QuantizerOptions quantizer = new() { CalibrationCount = 64 };

        MixedPrecisionResult result = MixedPrecisionQuantizer.Quantize(TinyNetwork.Graph, data, quantizer, Free(), s_table, "t.hawq.bin");

        Assert.All(result.Tried, tried => Assert.Equal(64, tried.Result.Count));
        using FloatRunner runner = new(TinyNetwork.Graph);
        using DataSlice behind = new(data, 64, 64);
        QuantizedModel wide = Quantizer.Quantize(
            TinyNetwork.Graph, data, quantizer with { Grids = new GridOptions(new BitAssignment(LayerBits.Eight)) }, "t.hawq.bin");
        Assert.Equal(NetworkEvaluation.Run(behind, wide, runner.Logits(behind, 64)), result.Tried[0].Result);
    }

    [Fact]
    public void More_candidates_are_the_programs_next_best_and_the_best_measured_one_is_kept()
    {
        MixedPrecisionOptions options = Free() with { Budgets = [Budget.Between(CostNames.Bops, 0.5m)], Candidates = 3 };

        MixedPrecisionResult result = MixedPrecisionQuantizer.Quantize(
            TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 64), new QuantizerOptions { Effort = Effort.Fast }, options, s_table, "t.hawq.bin");

        Assert.Equal(["optimum", "candidate 2", "candidate 3"], result.Tried.Take(3).Select(tried => tried.Name));
        Assert.Equal(result.Tried.Take(3).Select(tried => tried.Assignment.Objective), result.Tried.Take(3).Select(tried => tried.Assignment.Objective).Order());
        Assert.Equal(result.Tried.Count, result.Tried.Select(tried => tried.Assignment.Bits).Distinct().Count());
        Assert.Equal(result.Tried.Max(tried => tried.Result.SqnrDb), result.Tried[result.Chosen].Result.SqnrDb);
    }

    private static MixedPrecisionOptions Free() => new() { First = null, Last = null };
}
