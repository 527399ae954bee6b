using System.Globalization;
using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Sensitivity;

/// <summary>What a layer's sensitivity to a choice of bits is measured by.</summary>
public enum SensitivityMetric
{
    /// <summary>KL divergence of the network's output with this one layer quantized by the deployed recipe: far better than the Hessian at ranking networks (docs/bit-search.md).</summary>
    Kl,

    /// <summary>Increase of the cross entropy, against the labels or, without labels, the float network's choice; same perturbation.</summary>
    Loss,

    /// <summary>Mean squared error of the centered logits; same perturbation.</summary>
    Mse,

    /// <summary>HAWQ-V3: average Hessian trace times the squared change of the weights, and an activation term where options differ in activation
    /// bits.</summary>
    Hessian,
}

/// <summary>How sensitivities are measured.</summary>
public sealed record SensitivityOptions
{
    /// <summary>The options of the usual search: 8/8, 4/8, 4/4.</summary>
    public static IReadOnlyList<LayerBits> DefaultOptions { get; } = [LayerBits.Eight, new LayerBits(4, 8), new LayerBits(4, 4)];

    /// <summary>The metric.</summary>
    public SensitivityMetric Metric { get; init; }

    /// <summary>Options to measure for every layer, widest first.</summary>
    public IReadOnlyList<LayerBits> Options { get; init; } = DefaultOptions;

    /// <summary>Largest number of images, from the start of the set; null: 256, and 1,000 for the Hessian.</summary>
    public int? Images { get; init; }

    /// <summary>How the layer is quantized for the direct metrics: that of the deployed network (without the refit of its weights, which would hide
    /// what the layer alone can do).</summary>
    public Effort Effort { get; init; } = Effort.Balanced;

    /// <summary>How traces are estimated.</summary>
    public HessianOptions Hessian { get; init; } = new();

    /// <summary>The number of images in effect.</summary>
    public int EffectiveImages => Images ?? (Metric == SensitivityMetric.Hessian ? 1000 : 256);

    /// <summary>Whether the Hessian metric has an activation term: where options differ in activation bits.</summary>
    public bool HasActivationTerm => Metric == SensitivityMetric.Hessian && Options.Select(option => option.Activations).Distinct().Count() > 1;

    /// <summary>Everything that the values depend on besides model and data, in a fixed order.</summary>
    internal EquatableArray<Setting> Settings()
    {
        List<Setting> settings =
        [
            new("metric", Metric.ToString().ToLowerInvariant()),
            new("options", string.Join(" ", Options)),
        ];
        if (Metric == SensitivityMetric.Hessian)
        {
            settings.Add(new("step", Hessian.Step.ToString(CultureInfo.InvariantCulture)));
            settings.Add(new("rounds", string.Create(CultureInfo.InvariantCulture, $"{Hessian.MinRounds} to {Hessian.MaxRounds}")));
            settings.Add(new("relativeError", Hessian.RelativeError.ToString(CultureInfo.InvariantCulture)));
            settings.Add(new("seed", Hessian.Seed.ToString(CultureInfo.InvariantCulture)));
            settings.Add(new("activationTerm", HasActivationTerm ? "yes" : "no"));
        }
        else
        {
            settings.Add(new("effort", Effort.ToString().ToLowerInvariant()));
        }

        return settings.ToEquatableArray();
    }
}
