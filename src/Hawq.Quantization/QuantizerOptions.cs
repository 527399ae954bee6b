using Hawq.Quantization.Calibration;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Recipe;

namespace Hawq.Quantization;

/// <summary>How much work goes into rounding; docs/quantization.md has what each step gains.</summary>
public enum Effort
{
    /// <summary>For contrast: float statistics, nearest rounding, no correction. Fine at 8 bits, poor at 4.</summary>
    Naive,

    /// <summary>Layer by layer on the integer prefix, nearest rounding, mean and slope of every channel corrected.</summary>
    Fast,

    /// <summary>Fast's order of work, with weights refitted to the quantized input and second-order rounding at 4 bits.</summary>
    Balanced,

    /// <summary>Balanced with more inputs, proximal mean-field rounding as a competitor, and two scale fits.</summary>
    Best,
}

/// <summary>What the quantizer is asked for.</summary>
public sealed record QuantizerOptions
{
    /// <summary>Bit-widths and grids; uniform 8/8 by default.</summary>
    public GridOptions Grids { get; init; } = new(new BitAssignment(LayerBits.Eight));

    /// <summary>Calibration of activations of more than 4 bits.</summary>
    public ActivationCalibrator Calibrator { get; init; } = new MinMaxCalibrator();

    /// <summary>Calibration of activations of 4 bits or fewer.</summary>
    public ActivationCalibrator LowBitCalibrator { get; init; } = new MseCalibrator();

    /// <summary>Room above the largest calibrated value on 16-bit grids: 2 costs one bit of fifteen and keeps unseen data from clamping.</summary>
    public double Headroom { get; init; } = 2;

    /// <summary>How much work goes into rounding.</summary>
    public Effort Effort { get; init; } = Effort.Balanced;

    /// <summary>The steps of the recipe in detail; null: those of <see cref="Effort"/>.</summary>
    public RecipeOptions? Recipe { get; init; }

    /// <summary>The steps in effect.</summary>
    internal RecipeOptions EffectiveRecipe => Recipe ?? RecipeOptions.For(Effort);

    /// <summary>Largest number of inputs taken from the calibration set, from its start; null: 256, and 512 at <see cref="Effort.Best"/>.</summary>
    public int? CalibrationCount { get; init; }

    /// <summary>The number of inputs in effect.</summary>
    public int EffectiveCalibrationCount => CalibrationCount ?? (Effort == Effort.Best ? 512 : 256);

    /// <summary>Class names for the manifest, or empty.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
