using System.Globalization;
using System.Text.RegularExpressions;
using Hawq.Model;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using static Hawq.Quantization.Cards.QuantizationCard;

namespace Hawq.Quantization.Cards;

/// <summary>Computes quantization cards.</summary>
public static class CardBuilder
{
    /// <summary>The card of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="measurements">What was measured, or null.</param>
    public static QuantizationCard Build(Network network, CardMeasurements? measurements = null)
    {
        measurements ??= new CardMeasurements();
        Dictionary<string, Tensor> tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        CardLayer[] layers = [.. network.Layers.OfType<LinearLayer>().Select(layer => Describe(network, layer, tensors, measurements))];
        CardFacts facts = new(network, tensors, layers);
        return new QuantizationCard(
            network.Name,
            EquatableArray.Of(
                Method(network, facts), Model(network, measurements), Weights(network, facts), Activations(network, facts), Structure(network, facts), Arithmetic(network, facts),
                Data(network), Compute(network), Size(facts), Hardware(facts, measurements), Result(measurements)),
            layers, measurements.Front);
    }

    /// <summary>The network with its card in the manifest. Computed from the network alone, so that reading and computing again gives the same.</summary>
    public static Network Attach(Network network) =>
        network with { Provenance = network.Provenance with { Card = Build(network).ToSettings() } };

    private static CardSection Method(Network network, CardFacts facts) => Section(
        "method",
        Plain("name", $"{network.Provenance.Tool}: integer-only, dyadic requantization"),
        Confounder("type", IsTrained(network) ? "QAT" : Setting(network, "scales") != NotAvailable ? "imported" : Source(network) == "real" ? "PTQ" : "ZSQ"),
        Confounder("uniform", "yes"),
        Confounder("effort", Setting(network, "effort")),
        Confounder("mixedPrecision", facts.IsMixed ? "per layer" : "none"),
        Confounder("search", Setting(network, "search")),
        Confounder("budgets", Setting(network, "budgets")),
        Confounder("bitwidthSet", string.Join(" ", facts.Pairs)),
        Confounder("rounding", Setting(network, "rounding")),
        Confounder("weightRefit", Setting(network, "weightRefit")),
        Confounder("biasCorrection", Setting(network, "correction")),
        Confounder("equalization", Setting(network, "equalization")),
        Confounder("rangeTrained", IsTrained(network) ? "yes" : "no"),
        Confounder("training", Setting(network, "training")),
        Confounder("trainedWeights", Setting(network, "weights")),
        Confounder("distillation", Setting(network, "distillation")));

    private static CardSection Model(Network network, CardMeasurements measurements) => Section(
        "model",
        Plain("source", network.Provenance.Source),
        Confounder("sourceSha256", network.Provenance.SourceSha256),
        Plain("opset", Text(network.Provenance.Opset)),
        Confounder("preprocessing", network.Input.Preprocess?.Name ?? "none"),
        Plain("metric", "top-1"),
        Plain("dataset", measurements.EvaluationData ?? NotAvailable),
        Plain("floatTop1", Percent(measurements.Evaluation?.FloatTop1)));

    private static CardSection Weights(Network network, CardFacts facts) => Section(
        "weights",
        Confounder("averageBits", Number(facts.AverageWeightBits(facts.Layers))),
        Confounder("averageBitsWithoutFirstAndLast", Number(facts.AverageWeightBits(facts.Inner))),
        Confounder("symmetric", "yes"),
        Confounder("granularity", "per output channel"),
        Confounder("observer", Setting(network, "weightScales")),
        Confounder("range", "narrow (the code -2^(bits-1) is not used)"),
        Plain("bias", "int32, scale of input times scale of weight"));

    private static CardSection Activations(Network network, CardFacts facts) => Section(
        "activations",
        Confounder("averageBits", Number(facts.AverageInputBits)),
        Confounder("maximumBits", Text(facts.Layers.Select(layer => layer.InputBits).DefaultIfEmpty().Max())),
        Confounder("types", string.Join(" ", facts.Layers.Select(layer => layer.InputType).Distinct().Order(StringComparer.Ordinal))),
        Confounder("signed", facts.SignedInputs),
        Confounder("symmetric", facts.Asymmetric.Length == 0 ? "yes" : $"all but {string.Join(", ", facts.Asymmetric)}"),
        Confounder("granularity", "per tensor"),
        Confounder("calibrator", Setting(network, "calibrator")),
        Confounder("calibratorUpTo4Bits", Setting(network, "calibrator4")),
        Confounder("range", Setting(network, "activations")),
        Plain("clip", "per layer, see layers"),
        Confounder("static", "yes"),
        Plain("peakBytes", Text(facts.PeakTensorBytes)));

    private static CardSection Structure(Network network, CardFacts facts) => Section(
        "structure",
        Confounder("firstLayer", facts.Layers.Count == 0 ? NotAvailable : Pair(facts.Layers[0])),
        Confounder("lastLayer", facts.Layers.Count == 0 ? NotAvailable : Pair(facts.Layers[^1])),
        Confounder("networkInput", facts.TypeOf(network.Input.Tensor)),
        Confounder("unquantizedOperators", "none"),
        Confounder("residual", facts.ResidualTypes.Length == 0 ? "none" : $"{string.Join(" ", facts.ResidualTypes)}{(Setting(network, "residualScale") == "stage" ? " with one scale per stage" : "")}, each branch requantized to the grid of the sum"),
        Confounder("batchNormalization", "folded before quantization"),
        Confounder("relu", "fused into the clamp of the output codes"));

    private static CardSection Arithmetic(Network network, CardFacts facts) => Section(
        "arithmetic",
        Confounder("accumulatorBits", "32"),
        Plain("accumulatorProof", "exact: the worst case of the weights of every output channel"),
        Plain("largestAccumulator", Text(facts.Layers.Select(layer => Math.Max(-layer.AccumulatorLo, layer.AccumulatorHi)).DefaultIfEmpty().Max())),
        Confounder("saturatingAccumulator", "no"),
        Confounder("requantization", $"dyadic b / 2^c, b in [2^30, 2^31){(Setting(network, "multipliers") == "short" ? ", of as many bits as 32-bit products with the accumulators leave" : "")}"),
        Confounder("rounding", "half up"));

    private static CardSection Data(Network network)
    {
        string[] elsewhere =
            ["effort", "residualScale", "multipliers", "search", "budgets", "calibrator", "calibrator4", "activations", "calibration", "rounding", "weightScales", "weightRefit", "correction", "equalization", "training", "weights", "distillation"];
        return Section(
            "data",
            [
                Confounder("calibration", Setting(network, "calibration")),
                Confounder("source", Source(network)),
                Confounder("labels", Labels(network)),
                Confounder("trainingImages", IsTrained(network) ? Setting(network, "training") : "0"),
                Confounder("seed", Seed(network)),
                Plain("runs", "1: the same arguments give the same bytes"),
                .. network.Provenance.Settings.Where(setting => !elsewhere.Contains(setting.Name)).Select(setting => Confounder("setting " + setting.Name, setting.Value)),
            ]);
    }

    private static CardSection Compute(Network network) => Section(
        "compute",
        Plain("calibrationPasses", IsTrained(network) || Setting(network, "calibration") != NotAvailable ? "1, layer by layer" : NotAvailable),
        Confounder("trainingSteps", IsTrained(network) ? Setting(network, "training") : "0"),
        Plain("wallTime", $"{NotAvailable}: not in the manifest, which the same arguments give to the byte"));

    private static CardSection Size(CardFacts facts) => Section(
        "size",
        [
            Plain("weights", Text(facts.Layers.Sum(layer => layer.Weights))),
            Plain("weightBytes", Text(facts.WeightBytes)),
            Plain("macs", Text(facts.Layers.Sum(layer => layer.Macs))),
            Plain("bops", Text(facts.Layers.Sum(layer => layer.Bops))),
            .. facts.Pairs.Select(pair => Plain("macs at " + pair, Text(facts.Layers.Where(layer => Pair(layer) == pair).Sum(layer => layer.Macs)))),
        ]);

    private static CardSection Hardware(CardFacts facts, CardMeasurements measurements) => Section(
        "hardware",
        Confounder("target", measurements.Latency?.Target ?? NotAvailable),
        Plain("machine", measurements.Latency?.Machine ?? NotAvailable),
        Plain("kernels", measurements.Kernels.Count == 0
            ? NotAvailable
            : string.Join(", ", measurements.Kernels.Values.GroupBy(kernel => kernel).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} x{group.Count()}"))),
        Plain("latency", facts.Layers.Count > 0 && facts.Layers.All(layer => layer.Nanoseconds is not null)
            ? $"{Number(facts.Layers.Sum(layer => layer.Nanoseconds!.Value) / 1000, "0.0")} us, sum of the medians of the layers with weights"
            : NotAvailable),
        Plain("baseline", $"{NotAvailable}: hawq bench measures a network beside its peer"));

    private static CardSection Result(CardMeasurements measurements)
    {
        EvaluationResult? result = measurements.Evaluation;
        string interval = result?.Top1 is double top1 ? Interval(top1 / 100, result.Count) : NotAvailable;
        return Section(
            "result",
            Confounder("data", measurements.EvaluationData ?? NotAvailable),
            Confounder("images", result is null ? NotAvailable : Text(result.Count)),
            Plain("top1", Percent(result?.Top1)),
            Plain("top1Interval95", interval),
            Plain("deltaToFloat", result is { Top1: double quantized, FloatTop1: double real } ? string.Create(CultureInfo.InvariantCulture, $"{quantized - real:+0.00;-0.00;0.00} points") : NotAvailable),
            Plain("agreement", Percent(result?.Agreement)),
            Plain("logitSqnrDb", result?.SqnrDb is double db ? Number(db, "0.00") : NotAvailable),
            Plain("kl", result?.Kl is double kl ? Number(kl, "0.00000") : NotAvailable));
    }

    /// <summary>Wilson's interval for a proportion, 95 %.</summary>
    internal static string Interval(double p, int n)
    {
        const double Z = 1.959964;
        double center = (p + (Z * Z / (2 * n))) / (1 + (Z * Z / n));
        double half = Z / (1 + (Z * Z / n)) * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4.0 * n * n)));
        return string.Create(CultureInfo.InvariantCulture, $"{100 * (center - half):0.00} to {100 * (center + half):0.00} %");
    }

    private static CardLayer Describe(Network network, LinearLayer layer, Dictionary<string, Tensor> tensors, CardMeasurements measurements)
    {
        Tensor input = tensors[layer.Input], output = tensors[layer.Output];
        LayerBits bits = new(layer.Weights.Bits, input.Bits), asked = AskedBits.Of(network, layer);
        return new CardLayer(
            layer.Name, layer.Op, bits.Weights, bits.Activations, input.TypeName, Real(input, input.Lo), Real(input, input.Hi), layer.Weights.Count,
            (long)output.Shape.Height * output.Shape.Width * layer.Weights.Count, layer.Facts.AccumulatorLo, layer.Facts.AccumulatorHi,
            measurements.LayerSqnr.TryGetValue(layer.Name, out double db) ? db : null,
            (double?)measurements.Latency?.Of(layer.Name, asked),
            measurements.Sensitivities?.Layers.FirstOrDefault(other => other.Layer == layer.Name)?.Value(asked));
    }

    private static double Real(Tensor tensor, int code) => (double)tensor.Scale * (code - tensor.ZeroPoint);

    internal static string Pair(CardLayer layer) => $"{layer.WeightBits}/{layer.InputBits}";

    private static string Setting(Network network, string name) => network.Provenance.Settings.FirstOrDefault(setting => setting.Name == name)?.Value ?? NotAvailable;

    /// <summary>Whether a network was trained after it was quantized: hawq train says so.</summary>
    private static bool IsTrained(Network network) => Setting(network, "training") != NotAvailable;

    private static string Source(Network network) => Setting(network, "calibration") switch
    {
        string made when made.StartsWith("zero-shot", StringComparison.Ordinal) => "synthetic",
        string noise when noise.StartsWith("Gaussian noise", StringComparison.Ordinal) => "noise",
        NotAvailable => NotAvailable,
        _ => "real",
    };

    /// <summary>Calibration needs none; training takes them from the data, from the float network, or from both.</summary>
    private static string Labels(Network network) => !IsTrained(network) ? "none" : Setting(network, "distillation") switch
    {
        NotAvailable => "real",
        string weight when weight.StartsWith("weight 1,", StringComparison.Ordinal) => "outputs of the float network",
        _ => "real, and outputs of the float network",
    };

    /// <summary>The seeds that the settings name; calibration on given data draws nothing.</summary>
    private static string Seed(Network network)
    {
        string[] seeds = [.. network.Provenance.Settings.Select(setting => s_seed.Match(setting.Value)).Where(match => match.Success).Select(match => match.Groups[1].Value)];
        return seeds.Length == 0 ? "none: nothing is drawn" : string.Join(", ", seeds);
    }

    private static readonly Regex s_seed = new(@"\bseed ([0-9]+)", RegexOptions.CultureInvariant);

    private static CardSection Section(string name, params CardField[] fields) => new(name, fields);

    private static CardField Confounder(string name, string value) => new(name, value, true);

    private static CardField Plain(string name, string value) => new(name, value, false);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value, string format = "0.######") => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Percent(double? value) => value is double number ? Number(number, "0.00") + " %" : NotAvailable;
}
