using Hawq.Onnx;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Data;
using Hawq.Quantization.Recipe;

namespace Hawq.Quantization.Evaluation;

/// <summary>One row of the table.</summary>
/// <param name="Variant">What is different.</param>
/// <param name="Result">How good the network is.</param>
public sealed record AblationRow(string Variant, EvaluationResult Result);

/// <summary>Measures the recipe with one step changed at a time.</summary>
public static class Ablation
{
    /// <summary>The variants: name, and the change to the options.</summary>
    public static IReadOnlyList<(string Name, Func<QuantizerOptions, QuantizerOptions> Change)> Variants { get; } =
    [
        ("naive", o => o with { Effort = Effort.Naive }),
        ("fast", o => o with { Effort = Effort.Fast }),
        ("balanced", o => o),
        ("no refit", Recipe(r => r with { Refit = false })),
        ("no refit, nearest rounding", Recipe(r => r with { Refit = false, Rounding = RoundingMethod.Nearest })),
        ("nearest rounding", Recipe(r => r with { Rounding = RoundingMethod.Nearest })),
        ("error feedback only", Recipe(r => r with { Rounding = RoundingMethod.ErrorFeedback })),
        ("coordinate descent only", Recipe(r => r with { Rounding = RoundingMethod.Descent })),
        ("proximal mean-field and descent", Recipe(r => r with { Rounding = RoundingMethod.MeanField })),
        ("largest weight at the largest code", Recipe(r => r with { Scaling = WeightScaling.Largest })),
        ("scale by weight error", Recipe(r => r with { Scaling = WeightScaling.LeastSquares })),
        ("no scale fit to the codes", Recipe(r => r with { ScaleRefits = 0 })),
        ("no bias correction", Recipe(r => r with { Correction = Correction.None })),
        ("affine correction", Recipe(r => r with { Correction = Correction.Affine })),
        ("no skip-aware target", Recipe(r => r with { SkipAware = false })),
        ("cross-layer equalization", Recipe(r => r with { Equalize = true })),
        ("4-bit activations by min-max", o => o with { LowBitCalibrator = new MinMaxCalibrator() }),
        ("4-bit activations by percentile 99.9", o => o with { LowBitCalibrator = new PercentileCalibrator(99.9) }),
        ("4-bit activations by KL", o => o with { LowBitCalibrator = new KlCalibrator() }),
        ("64 calibration inputs", o => o with { CalibrationCount = 64 }),
        ("8-bit residual grid", o => o with { Grids = o.Grids with { ResidualBits = 8 } }),
    ];

    /// <summary>Quantizes and evaluates every variant.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="calibration">Calibration inputs.</param>
    /// <param name="test">Test inputs.</param>
    /// <param name="options">The common options.</param>
    /// <param name="row">Receives each row as soon as it is known.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static void Run(
        FloatGraph graph, IDataSet calibration, IDataSet test, QuantizerOptions options, Action<AblationRow> row, CancellationToken cancellation = default)
    {
        using FloatRunner runner = new(graph);
        float[][] logits = runner.Logits(test, test.Count, null, cancellation);
        foreach ((string name, Func<QuantizerOptions, QuantizerOptions> change) in Variants)
        {
            QuantizedModel model = Quantizer.Quantize(graph, calibration, change(options), "ablation.bin", null, cancellation);
            row(new AblationRow(name, NetworkEvaluation.Run(test, model, logits, null, null, cancellation)));
        }
    }

    private static Func<QuantizerOptions, QuantizerOptions> Recipe(Func<RecipeOptions, RecipeOptions> change) =>
        options => options with { Recipe = change(options.EffectiveRecipe) };
}
