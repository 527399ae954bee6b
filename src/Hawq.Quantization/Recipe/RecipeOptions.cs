using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Recipe;

/// <summary>How weight codes are found.</summary>
public enum RoundingMethod
{
    /// <summary>The nearest code.</summary>
    Nearest,

    /// <summary>Second-order error feedback.</summary>
    ErrorFeedback,

    /// <summary>Coordinate descent from nearest.</summary>
    Descent,

    /// <summary>Error feedback, then coordinate descent.</summary>
    FeedbackAndDescent,

    /// <summary>Proximal mean-field, then coordinate descent.</summary>
    MeanField,

    /// <summary>Both of the former; per channel the one with the smaller layer loss.</summary>
    Best,
}

/// <summary>What the bias, and the scale, of a channel are corrected by.</summary>
public enum Correction
{
    /// <summary>Nothing: the float bias.</summary>
    None,

    /// <summary>The means of target and output.</summary>
    Mean,

    /// <summary>Mean and slope.</summary>
    Affine,
}

/// <summary>How the scale of a channel with fewer than 8-bit weights is chosen.</summary>
public enum WeightScaling
{
    /// <summary>The largest weight at the largest code.</summary>
    Largest,

    /// <summary>Least squared error of the weights; needs a slope correction or a refit.</summary>
    LeastSquares,

    /// <summary>Least layer loss.</summary>
    LayerLoss,
}

/// <summary>The steps of the recipe, each of which can be turned off; <see cref="Effort"/> chooses a set, <c>hawq ablate</c> measures them one by one.</summary>
public sealed record RecipeOptions
{
    /// <summary>Rounding of layers with fewer than 8-bit weights or with 4-bit inputs; 8/8 layers are rounded to nearest.</summary>
    public RoundingMethod Rounding { get; init; } = RoundingMethod.FeedbackAndDescent;

    /// <summary>Weight scales.</summary>
    public WeightScaling Scaling { get; init; } = WeightScaling.LayerLoss;

    /// <summary>Whether the float weights are refitted to the quantized input by least squares first.</summary>
    public bool Refit { get; init; } = true;

    /// <summary>How often the scale is fitted to the codes.</summary>
    public int ScaleRefits { get; init; } = 1;

    /// <summary>Bias (and slope) correction.</summary>
    public Correction Correction { get; init; } = Correction.Mean;

    /// <summary>Whether the last branch of an addition also repairs what the other branch has lost.</summary>
    public bool SkipAware { get; init; } = true;

    /// <summary>Whether ranges are balanced between the layers on both sides of a ReLU first.</summary>
    public bool Equalize { get; init; }

    /// <summary>Whether input statistics are needed.</summary>
    internal bool SecondOrder => Refit || Rounding != RoundingMethod.Nearest || Scaling == WeightScaling.LayerLoss || ScaleRefits > 0;

    /// <summary>Whether a layer of these bits is rounded with input statistics; others go to the nearest code.</summary>
    internal bool IsSecondOrder(LayerBits bits) => SecondOrder && (bits.Weights < 8 || bits.Activations <= 4 || bits.Window > 0);

    /// <summary>The steps that an effort stands for.</summary>
    public static RecipeOptions For(Effort effort) => effort switch
    {
        Effort.Best => new() { Rounding = RoundingMethod.Best, ScaleRefits = 2 },
        Effort.Balanced => new(),
        _ => new() { Rounding = RoundingMethod.Nearest, Scaling = WeightScaling.LeastSquares, Refit = false, ScaleRefits = 0, Correction = Correction.Affine },
    };
}
