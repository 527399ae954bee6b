using System.Text;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.Sensitivity;

public class SensitivityAnalysisTests
{
    private static readonly RandomData s_data = new(TinyNetwork.Input, 48, classes: 4);

    [Theory]
    [InlineData(SensitivityMetric.Kl)]
    [InlineData(SensitivityMetric.Mse)]
    [InlineData(SensitivityMetric.Hessian)]
    public void Fewer_bits_cost_more_in_every_layer(SensitivityMetric metric)
    {
        SensitivityTable table = Run(new SensitivityOptions { Metric = metric });

        Assert.Equal(["conv", "inner", "last"], table.Layers.Select(layer => layer.Layer));
        Assert.All(table.Layers, layer => Assert.True(layer.Value(LayerBits.Eight) < layer.Value(new LayerBits(4, 8))));
        Assert.All(table.Layers, layer => Assert.True(layer.Value(new LayerBits(4, 8)) < layer.Value(new LayerBits(4, 4))));
        Assert.All(table.Layers, layer => Assert.All(layer.Options, option => Assert.True(option.StandardError > 0)));
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("inner")]
    [InlineData("last")]
    public void The_kl_is_that_of_the_network_with_the_layers_own_weights_and_input_quantized(string name)
    {
        // The same in the batch engine, whose layouts are others: exchanged axes or a wrong cut would show.
        LayerBits bits = new(4, 4);
        LoweredNetwork network = GraphLowering.Lower(TinyNetwork.Graph, new GridOptions(new BitAssignment(LayerBits.Eight)));
        LoweredLinear layer = network.Linears.Single(linear => linear.Name == name) with { Bits = bits };
        Batch<float> exact = Logits(network, null, out Batch<float> input);
        Tensor grid = new GridChooser(new QuantizerOptions()).Choose(
            network.Tensors[layer.Input] with { Role = TensorRole.Activation, Bits = 4, GridOf = null }, Recipe.Histograms.Of(input = Value(network, layer.Input)));
        Batch<int> codes = new(input.Shape, input.Count);
        NetworkRunner.Encode(grid, input.Data, codes.Data);
        QuantizedLinear quantized = new Recipe.LinearRecipe(Effort.Fast, refit: false)
            .Quantize(layer, grid, codes, FloatEngine.Linear(layer, input.Reshape(layer.Geometry.Input)), default).Linear;
        Batch<float> changed = Logits(network, (layer, grid, quantized), out _);
        SoftLabels labels = new([.. Enumerable.Range(0, s_data.Count).Select(i => exact[i].ToArray())]);
        double expected = Enumerable.Range(0, s_data.Count).Average(i => labels.Kl(i, changed[i]));

        SensitivityTable table = Run(new SensitivityOptions { Options = [bits], Effort = Effort.Fast });

        Assert.Equal(1, table.Layers.Single(l => l.Layer == name).Value(bits)!.Value / expected, 4);
    }

    [Fact]
    public void A_stopped_analysis_continues_where_it_was_and_ends_the_same()
    {
        SensitivityTable whole = Run(new SensitivityOptions());
        SensitivityTable part = whole with { Layers = whole.Layers.Take(1).ToEquatableArray() };
        List<int> saved = [];

        SensitivityTable continued = SensitivityAnalysis.Run(TinyNetwork.Graph, s_data, new SensitivityOptions(), part, table => saved.Add(table.Layers.Count));

        Assert.Equal([2, 3], saved);
        Assert.Equal(whole, continued);
    }

    [Fact]
    public void A_table_of_another_key_is_not_continued()
    {
        SensitivityTable other = Run(new SensitivityOptions { Metric = SensitivityMetric.Mse });
        List<int> saved = [];

        SensitivityAnalysis.Run(TinyNetwork.Graph, s_data, new SensitivityOptions(), other, table => saved.Add(table.Layers.Count));

        Assert.Equal([1, 2, 3], saved);
    }

    [Fact]
    public void The_key_depends_on_model_data_and_settings()
    {
        string[] keys =
        [
            Key(TinyNetwork.Graph, s_data, new SensitivityOptions(), 48),
            Key(TinyNetwork.Graph with { Sha256 = new string('1', 64) }, s_data, new SensitivityOptions(), 48),
            Key(TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 48, seed: 2), new SensitivityOptions(), 48),
            Key(TinyNetwork.Graph, s_data, new SensitivityOptions(), 32),
            Key(TinyNetwork.Graph, s_data, new SensitivityOptions { Effort = Effort.Fast }, 48),
            Key(TinyNetwork.Graph, s_data, new SensitivityOptions { Options = [LayerBits.Eight] }, 48),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        static string Key(FloatGraph graph, RandomData data, SensitivityOptions options, int images) => SensitivityAnalysis.Key(graph, data, options, images);
    }

    [Fact]
    public void Too_few_images_are_refused() =>
        Assert.Equal(
            HawqIds.Calibration,
            Assert.Throws<HawqException>(() => SensitivityAnalysis.Run(TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 31), new SensitivityOptions())).Id);

    [Fact]
    public void A_written_file_reads_back_the_same()
    {
        SensitivityTable table = Run(new SensitivityOptions { Metric = SensitivityMetric.Hessian });

        byte[] bytes = SensitivityFile.Serialize(table);

        Assert.Equal(table, SensitivityFile.Parse(bytes, "sensitivity.json"));
        Assert.Equal(bytes, SensitivityFile.Serialize(SensitivityFile.Parse(bytes, "sensitivity.json")));
    }

    [Fact]
    public void A_file_from_elsewhere_needs_only_names_and_values()
    {
        SensitivityTable table = Parse("""
            { "format": "hawq-sensitivity/1", "network": "n", "layers": [ { "layer": "a", "options": [ { "bits": "8/8", "value": 0.5 } ] } ] }
            """);

        Assert.Null(table.Key);
        Assert.Equal(0.5, table.Layers[0].Value(LayerBits.Eight));
    }

    [Theory]
    [InlineData("hawq-sensitivity/1", "hawq-sensitivity/2", "The format must be")]
    [InlineData("8/8", "8/9", "no bit-width")]
    [InlineData("\"value\": 0.5", "\"value\": \"0.5\"", "A finite number")]
    [InlineData("\"value\": 0.5", "\"value\": 0.5, \"error\": 1", "Unknown field 'error'")]
    [InlineData("{ \"bits\": \"8/8\", \"value\": 0.5 }", "{ \"bits\": \"8\", \"value\": 1 }, { \"bits\": \"8/8\", \"value\": 0.5 }", "given twice")]
    public void A_damaged_file_is_refused_with_its_place(string good, string bad, string message)
    {
        string text = """{ "format": "hawq-sensitivity/1", "network": "n", "layers": [ { "layer": "a", "options": [ { "bits": "8/8", "value": 0.5 } ] } ] }"""
            .Replace(good, bad, StringComparison.Ordinal);

        HawqException error = Assert.Throws<HawqException>(() => Parse(text));

        Assert.Equal(HawqIds.BitSearchFile, error.Id);
        Assert.Equal(1, error.Line);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static SensitivityTable Parse(string text) => SensitivityFile.Parse(Encoding.UTF8.GetBytes(text), "s.json");

    private static SensitivityTable Run(SensitivityOptions options) => SensitivityAnalysis.Run(TinyNetwork.Graph, s_data, options);

    private static Batch<float> Value(LoweredNetwork network, string name)
    {
        Dictionary<string, Batch<float>> values = Run(network, null);
        return values[name];
    }

    private static Batch<float> Logits(LoweredNetwork network, (LoweredLinear Layer, Tensor Grid, QuantizedLinear Quantized)? change, out Batch<float> input)
    {
        Dictionary<string, Batch<float>> values = Run(network, change);
        input = values[network.Input];
        return values[network.Outputs[0]];
    }

    private static Dictionary<string, Batch<float>> Run(LoweredNetwork network, (LoweredLinear Layer, Tensor Grid, QuantizedLinear Quantized)? change)
    {
        Batch<float> x = new(TinyNetwork.Input, s_data.Count);
        for (int i = 0; i < x.Count; i++)
        {
            s_data.ReadValues(i, x[i]);
        }

        Dictionary<string, Batch<float>> values = new() { [network.Input] = x };
        foreach (LoweredLayer layer in network.Layers)
        {
            LoweredLayer run = layer;
            Batch<float>? replaced = null;
            if (change is var (target, grid, quantized) && layer.Name == target.Name)
            {
                Batch<float> read = values[target.Input];
                Batch<int> codes = new(read.Shape, read.Count);
                NetworkRunner.Encode(grid, read.Data, codes.Data);
                replaced = new Batch<float>(read.Shape, read.Count);
                for (int i = 0; i < codes.Data.Length; i++)
                {
                    replaced.Data[i] = codes.Data[i] * grid.Scale;
                }

                run = target with
                {
                    Weights = [.. quantized.Codes.Select((code, i) => code * quantized.Scales[i / target.Geometry.PerChannel])],
                    Bias = Array.ConvertAll(quantized.Bias, b => (float)b),
                };
            }

            values[layer.Output] = FloatEngine.Run(
                run, network.Tensors[layer.Output], name => Shaped(run, replaced is not null && name == layer.Inputs[0] ? replaced : values[name]));
        }

        return values;

        static Batch<float> Shaped(LoweredLayer layer, Batch<float> value) => layer is LoweredLinear linear ? value.Reshape(linear.Geometry.Input) : value;
    }
}
