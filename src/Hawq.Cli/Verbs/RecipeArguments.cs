using System.CommandLine;
using Hawq.Model;
using Hawq.Quantization;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Recipe;

namespace Hawq.Cli.Verbs;

/// <summary>The part of <c>hawq quantize</c> that is about single steps of the recipe.</summary>
internal sealed class RecipeArguments
{
    private readonly Option<string> _calibrator = new("--calibrator") { Description = "How ranges of activations above 4 bits are chosen: minmax, percentile, percentile=99.99, mse or kl.", HelpName = "NAME", DefaultValueFactory = _ => "minmax" };
    private readonly Option<string> _calibrator4 = new("--calibrator4") { Description = "The same for activations of 4 bits or fewer.", HelpName = "NAME", DefaultValueFactory = _ => "mse" };
    private readonly Option<string?> _rounding = new("--rounding") { Description = $"Rounding of weights below 8 bits, in place of the effort's: {string.Join(", ", RecipeText.Roundings)}. meanfield is proximal mean-field.", HelpName = "NAME" };
    private readonly Option<bool> _equalize = new("--equalize") { Description = "Balance ranges between the layers on both sides of a ReLU first (cross-layer equalization)." };

    /// <summary>The options.</summary>
    public Option[] Options => [_calibrator, _calibrator4, _rounding, _equalize];

    /// <summary>What was given, written over the options of an effort.</summary>
    public QuantizerOptions Apply(ParseResult parsed, QuantizerOptions options)
    {
        string? rounding = parsed.GetValue(_rounding);
        bool equalize = parsed.GetValue(_equalize);
        if (options.Effort == Effort.Naive && (rounding is not null || equalize))
        {
            throw new HawqException(HawqIds.Usage, "--effort naive rounds to nearest and does nothing else: leave out --rounding and --equalize, or choose another effort.");
        }

        RecipeOptions recipe = RecipeOptions.For(options.Effort);
        return options with
        {
            Calibrator = ActivationCalibrator.Parse(parsed.GetRequiredValue(_calibrator)),
            LowBitCalibrator = ActivationCalibrator.Parse(parsed.GetRequiredValue(_calibrator4)),
            Recipe = recipe with { Equalize = equalize, Rounding = rounding is null ? recipe.Rounding : RecipeText.ParseRounding(rounding) },
        };
    }
}
