using System.Xml.Linq;
using Hawq.Model;
using Hawq.Quantization.Cards;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Tests.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.Cards;

public class CardTests
{
    [Fact]
    public void ResNet50_with_4_bit_weights_but_first_and_last_has_the_published_average()
    {
        // Garg et al.'s script first_last.sh: 25,502,912 weights, 2,057,408 of them in conv1 and fc.
        QuantizationCard card = CardBuilder.Build(ResNet50());

        Assert.Equal("25502912", card.Value("size", "weights"));
        Assert.Equal("4.322694", card.Value("weights", "averageBits"));
        Assert.Equal("4", card.Value("weights", "averageBitsWithoutFirstAndLast"));
    }

    [Fact]
    public void The_card_in_the_manifest_is_computed_again_to_the_same_bytes()
    {
        Network network = CardBuilder.Attach(Quantize(new LayerBits(4, 8)).Network);

        Network read = ManifestReader.Read(ManifestWriter.Write(network), "t.hawq.json").Network!;

        Assert.Equal(network, read);
        Assert.NotEmpty(read.Provenance.Card);
        Assert.Equal(read.Provenance.Card, CardBuilder.Build(read).ToSettings());
        Assert.Equal(CardMarkdown.Render(CardBuilder.Build(network)), CardMarkdown.Render(CardBuilder.Build(read)));
    }

    [Fact]
    public void Every_field_has_a_value() =>
        Assert.All(CardBuilder.Build(Quantize(LayerBits.Eight).Network).Sections.SelectMany(section => section.Fields), field => Assert.NotEmpty(field.Value));

    [Fact]
    public void The_hand_computed_sums_of_a_small_network_are_right()
    {
        QuantizationCard card = CardBuilder.Build(Quantize(new LayerBits(4, 8)).Network);

        // conv 54 weights and last 192 at 8 bits, inner 9 at 4 bits.
        Assert.Equal(((246 * 8) + (9 * 4)) / 255.0, double.Parse(card.Value("weights", "averageBits")!, System.Globalization.CultureInfo.InvariantCulture), 5);
        Assert.Equal((54 + 192 + (3 * 2)).ToString(), card.Value("size", "weightBytes"));
        Assert.Equal(((864 * 64) + (144 * 32) + (192 * 64)).ToString(), card.Value("size", "bops"));
        Assert.Equal("none", card.Value("structure", "unquantizedOperators"));
    }

    [Fact]
    public void Changing_one_option_changes_only_the_fields_that_depend_on_it()
    {
        QuantizationCard a = CardBuilder.Build(Quantize(LayerBits.Eight).Network);
        QuantizationCard b = CardBuilder.Build(Quantize(LayerBits.Eight, residual: 8).Network);

        IReadOnlyList<CardDifference> differences = CardDifference.Between(a, b);

        Assert.Equal(["activations.peakBytes", "arithmetic.largestAccumulator", "data.setting residual", "structure.residual"], differences.Select(d => d.Field).Order(StringComparer.Ordinal));
        Assert.Contains(differences, difference => difference.Confounder);
        Assert.Empty(CardDifference.Between(a, a));
    }

    [Fact]
    public void Every_field_of_the_papers_card_is_there()
    {
        // Garg et al.'s axes, as research of the project reconstructed them: method, model, weights, activations, first and last layer, residual, fusion, data, compute, ...
        string[] fields =
        [
            "method.type", "method.uniform", "method.mixedPrecision", "method.rounding", "method.biasCorrection", "method.rangeTrained", "method.bitwidthSet",
            "model.sourceSha256", "model.floatTop1", "model.metric", "model.dataset", "model.preprocessing",
            "weights.averageBits", "weights.averageBitsWithoutFirstAndLast", "weights.symmetric", "weights.granularity", "weights.observer", "weights.range", "weights.bias",
            "activations.averageBits", "activations.maximumBits", "activations.symmetric", "activations.granularity", "activations.calibrator", "activations.clip", "activations.signed",
            "activations.static", "activations.peakBytes",
            "structure.firstLayer", "structure.lastLayer", "structure.networkInput", "structure.unquantizedOperators", "structure.residual", "structure.batchNormalization", "structure.relu",
            "arithmetic.accumulatorBits", "arithmetic.accumulatorProof", "arithmetic.saturatingAccumulator", "arithmetic.requantization", "arithmetic.rounding",
            "data.calibration", "data.labels", "data.trainingImages", "data.source", "data.seed", "data.runs", "compute.calibrationPasses", "compute.trainingSteps", "compute.wallTime",
            "size.weightBytes", "size.bops", "hardware.target", "hardware.kernels", "hardware.latency", "hardware.baseline", "result.images", "result.top1", "result.top1Interval95", "result.deltaToFloat",
        ];
        QuantizationCard card = Full();

        Assert.All(fields, field => Assert.NotNull(card.Value(field.Split('.')[0], field.Split('.')[1])));
        Assert.Equal("3.0 us, sum of the medians of the layers with weights", card.Value("hardware", "latency"));
        Assert.All(card.Layers, layer => Assert.True(layer.ClipHigh > layer.ClipLow));
    }

    [Fact]
    public void The_recipe_is_what_happened_to_the_layers()
    {
        QuantizationCard eight = CardBuilder.Build(Quantize(LayerBits.Eight, effort: Effort.Balanced).Network);
        QuantizationCard four = CardBuilder.Build(Quantize(new LayerBits(4, 4), effort: Effort.Best).Network);
        QuantizationCard naive = CardBuilder.Build(Quantize(new LayerBits(4, 4), effort: Effort.Naive).Network);

        Assert.Equal(("nearest", "no", "means, skip-aware"), (eight.Value("method", "rounding"), eight.Value("method", "weightRefit"), eight.Value("method", "biasCorrection")));
        Assert.Equal("best at 4/4; nearest at 8/8", four.Value("method", "rounding"));
        Assert.Equal("least layer loss, 2 fits to the codes at 4/4; largest weight at 8/8", four.Value("weights", "observer"));
        Assert.Equal(("nearest", "none", "largest weight"), (naive.Value("method", "rounding"), naive.Value("method", "biasCorrection"), naive.Value("weights", "observer")));
    }

    [Theory]
    [InlineData(null, "PTQ", "none", "no", "none: nothing is drawn")]
    [InlineData("weight 0.9, temperature 4", "QAT", "real, and outputs of the float network", "yes", "7")]
    [InlineData("weight 1, temperature 4", "QAT", "outputs of the float network", "yes", "7")]
    [InlineData("", "QAT", "real", "yes", "7")]
    public void A_trained_network_says_so(string? distillation, string type, string labels, string ranges, string seed)
    {
        Network network = Quantize(LayerBits.Eight).Network;
        Setting[] training = distillation is null ? [] : [new("training", "set, first 64, 10 steps of 32, rate 0.01, seed 7"), new("weights", "StraightThrough")];
        Setting[] taught = distillation is null or "" ? [] : [new("distillation", distillation)];
        QuantizationCard card = CardBuilder.Build(network with { Provenance = network.Provenance with { Settings = network.Provenance.Settings.Concat(training).Concat(taught).ToEquatableArray() } });

        Assert.Equal((type, labels, ranges, seed), (card.Value("method", "type"), card.Value("data", "labels"), card.Value("method", "rangeTrained"), card.Value("data", "seed")));
    }

    [Fact]
    public void The_accuracy_has_its_confidence_interval()
    {
        // Wilson: 915 of 1000.
        QuantizationCard card = CardBuilder.Build(
            Quantize(LayerBits.Eight).Network,
            new CardMeasurements { Evaluation = new EvaluationResult(1000, 91.5, 98, 24, 0.01, 92), EvaluationData = "test" });

        Assert.Equal("89.61 to 93.07 %", card.Value("result", "top1Interval95"));
        Assert.Equal("-0.50 points", card.Value("result", "deltaToFloat"));
    }

    [Fact]
    public void The_error_of_every_layer_is_measured_against_the_float_network()
    {
        QuantizedModel fine = Quantize(LayerBits.Eight), coarse = Quantize(new LayerBits(4, 4));
        RandomData data = new(TinyNetwork.Input, 40);

        IReadOnlyDictionary<string, double> a = LayerErrors.Measure(fine.Network, fine.Weights, TinyNetwork.Graph, data, 40);
        IReadOnlyDictionary<string, double> b = LayerErrors.Measure(coarse.Network, coarse.Weights, TinyNetwork.Graph, data, 40);

        Assert.Equal(["conv", "inner", "last"], a.Keys);
        Assert.True(a["last"] > 25, $"{a["last"]}");
        Assert.True(b["inner"] < a["inner"] - 6);
    }

    [Fact]
    public void The_page_is_well_formed_self_contained_and_usable_from_the_keyboard()
    {
        string html = CardHtml.Render(Full());

        Assert.DoesNotContain("http://", html.Replace("http://www.w3.org", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
        foreach (string svg in html.Split("<svg").Skip(1).Select(part => "<svg" + part[..(part.IndexOf("</svg>", StringComparison.Ordinal) + 6)]))
        {
            XElement chart = XElement.Parse(svg);
            Assert.NotNull(chart.Attribute("aria-label"));
            Assert.All(chart.Elements("g"), mark => Assert.True(mark.Attribute("tabindex")?.Value == "0" && mark.Element("title") is not null));
            Assert.NotEmpty(chart.Elements("g"));
        }

        Assert.Equal(5, html.Split("<svg").Length - 1);
    }

    [Fact]
    public void The_point_of_this_network_is_marked_on_the_front() =>
        Assert.Contains("aria-label=\"this network: bops 2000", CardHtml.Render(Full()), StringComparison.Ordinal);

    [Fact]
    public void Names_cannot_break_out_of_the_page()
    {
        Network network = Quantize(LayerBits.Eight).Network with { Name = "<script>alert(1)</script>" };

        Assert.DoesNotContain("<script>alert", CardHtml.Render(CardBuilder.Build(network)), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", CardMarkdown.Render(CardBuilder.Build(network)), StringComparison.Ordinal);
    }

    /// <summary>A card with everything that can be measured.</summary>
    internal static QuantizationCard Full()
    {
        QuantizedModel model = Quantize(LayerBits.Eight);
        string[] names = ["conv", "inner", "last"];
        LayerBits[] eight = [LayerBits.Eight, LayerBits.Eight, LayerBits.Eight], mixed = [LayerBits.Eight, new(4, 8), LayerBits.Eight];
        return CardBuilder.Build(model.Network, new CardMeasurements
        {
            LayerSqnr = names.ToDictionary(name => name, _ => 30.0),
            Latency = new LatencyTable("tiny", null, "avx2", null, names.Select(name => new LayerLatency(name, LayerBits.Eight, 1000)).ToEquatableArray()),
            Sensitivities = new("tiny", null, null, 0, null, EquatableArray.Of<Setting>(), names.Select(name => new Quantization.Sensitivity.LayerSensitivity(
                name, EquatableArray.Of(new Quantization.Sensitivity.OptionSensitivity(LayerBits.Eight, 0.001, null)))).ToEquatableArray()),
            Front = new ParetoFront("tiny", "bops", "k", names, EquatableArray.Of(
                new ParetoPoint(mixed, 0.1, 1000, null, null), new ParetoPoint(eight, 0.01, 2000, LayerBits.Eight, null))),
        });
    }

    private static QuantizedModel Quantize(LayerBits bits, int residual = 16, Effort effort = Effort.Fast) => Quantizer.Quantize(
        TinyNetwork.Graph, new RandomData(TinyNetwork.Input, 64), new QuantizerOptions { Grids = new GridOptions(new BitAssignment(bits)) { ResidualBits = residual }, Effort = effort }, "t.hawq.bin");

    /// <summary>The shapes of ResNet-50's layers with weights; what is in them does not matter.</summary>
    private static Network ResNet50()
    {
        List<Tensor> tensors = [new("x", new Shape(224, 224, 3), 8, -127, 127, 0, 1)];
        List<Layer> layers = [];
        void Add(int inputs, int outputs, int kernel, int bits)
        {
            string name = $"l{layers.Count}";
            tensors.Add(new Tensor(name, new Shape(7, 7, outputs), 8, 0, 127, 0, 1));
            layers.Add(new ConvLayer(
                name, tensors[^2].Name, name, new WeightTensor(0, bits, outputs, kernel, kernel, inputs, default), default, default, new WeightFacts(0, 0, 0, 0, default),
                new Size2(1, 1), default, new Size2(1, 1), 1));
        }

        Add(3, 64, 7, 8);
        int channels = 64;
        foreach ((int width, int blocks) in new[] { (64, 3), (128, 4), (256, 6), (512, 3) })
        {
            for (int block = 0; block < blocks; block++)
            {
                Add(channels, width, 1, 4);
                Add(width, width, 3, 4);
                Add(width, 4 * width, 1, 4);
                if (block == 0)
                {
                    Add(channels, 4 * width, 1, 4);
                }

                channels = 4 * width;
            }
        }

        Add(2048, 1000, 1, 8);
        return new Network(
            "resnet50", new Provenance("test", "", "", 0, default), new WeightsFile("", "", 0), new NetworkInput("x", default, null), EquatableArray.Of(layers[^1].Output), default,
            tensors.ToEquatableArray(), layers.ToEquatableArray());
    }
}
