using Hawq.Model;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.MixedPrecision;

namespace Hawq.Quantization.Cards;

/// <summary>
/// A quantization card (Garg et al., "Confounding Tradeoffs for Neural Network Quantization", arXiv 2102.06366): every choice that can change accuracy
/// or speed, in one place, computed from the network and from measurements, never typed.
/// </summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Sections">The fields.</param>
/// <param name="Layers">The layers with weights, in execution order.</param>
/// <param name="Front">The trade-off that the network was chosen from, or null.</param>
public sealed record QuantizationCard(string Network, EquatableArray<CardSection> Sections, EquatableArray<CardLayer> Layers, ParetoFront? Front)
{
    /// <summary>What stands where a value cannot be known from what was given.</summary>
    public const string NotAvailable = "n/a";

    /// <summary>All fields as name and value, for the manifest: <c>weights.averageBits</c>.</summary>
    public EquatableArray<Setting> ToSettings() =>
        Sections.SelectMany(section => section.Fields.Select(field => new Setting($"{section.Name}.{field.Name}", field.Value))).ToEquatableArray();

    /// <summary>The value of a field, or null.</summary>
    public string? Value(string section, string field) =>
        Sections.Where(s => s.Name == section).SelectMany(s => s.Fields).FirstOrDefault(f => f.Name == field)?.Value;
}

/// <summary>A group of fields.</summary>
/// <param name="Name">Lower camel case.</param>
/// <param name="Fields">The fields.</param>
public sealed record CardSection(string Name, EquatableArray<CardField> Fields);

/// <summary>One field.</summary>
/// <param name="Name">Lower camel case.</param>
/// <param name="Value">For people; <see cref="QuantizationCard.NotAvailable"/> when unknown.</param>
/// <param name="Confounder">Whether two networks that differ in it must not be compared by their results alone.</param>
public sealed record CardField(string Name, string Value, bool Confounder);

/// <summary>One layer with weights.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Op">Operator.</param>
/// <param name="WeightBits">Bits of a weight.</param>
/// <param name="InputBits">Bits of an input code.</param>
/// <param name="InputType">Type that the input's range needs: u4, u7, s8.</param>
/// <param name="ClipLow">Smallest real input that is not clipped.</param>
/// <param name="ClipHigh">Largest real input that is not clipped.</param>
/// <param name="Weights">Number of weights.</param>
/// <param name="Macs">Multiply-accumulates per image.</param>
/// <param name="AccumulatorLo">Smallest reachable accumulator, proven from the weights.</param>
/// <param name="AccumulatorHi">Largest reachable accumulator, proven from the weights.</param>
/// <param name="SqnrDb">Output of the integer layer against the float network's, or null when not measured.</param>
/// <param name="Nanoseconds">Measured time, or null.</param>
/// <param name="Sensitivity">Measured sensitivity at these bits, or null.</param>
public sealed record CardLayer(
    string Name, string Op, int WeightBits, int InputBits, string InputType, double ClipLow, double ClipHigh, long Weights, long Macs, long AccumulatorLo, long AccumulatorHi, double? SqnrDb,
    double? Nanoseconds, double? Sensitivity)
{
    /// <summary>Weight bits times input bits times multiply-accumulates.</summary>
    public long Bops => Macs * WeightBits * InputBits;
}

/// <summary>What a card can hold besides what the manifest says.</summary>
public sealed record CardMeasurements
{
    /// <summary>Accuracy and distance from the float network.</summary>
    public EvaluationResult? Evaluation { get; init; }

    /// <summary>Name of the data set of <see cref="Evaluation"/>.</summary>
    public string? EvaluationData { get; init; }

    /// <summary>SQNR in dB by layer name.</summary>
    public IReadOnlyDictionary<string, double> LayerSqnr { get; init; } = new Dictionary<string, double>();

    /// <summary>Measured sensitivities.</summary>
    public Sensitivity.SensitivityTable? Sensitivities { get; init; }

    /// <summary>Measured times.</summary>
    public LatencyTable? Latency { get; init; }

    /// <summary>The trade-off.</summary>
    public ParetoFront? Front { get; init; }

    /// <summary>Kernel chosen by the planner, by layer name.</summary>
    public IReadOnlyDictionary<string, string> Kernels { get; init; } = new Dictionary<string, string>();
}
