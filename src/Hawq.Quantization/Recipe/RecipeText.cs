using System.Globalization;
using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Recipe;

/// <summary>The recipe in words: for the command line, and for the manifest, which says what really happened to its layers.</summary>
public static class RecipeText
{
    private static readonly Dictionary<string, RoundingMethod> s_roundings = new()
    {
        ["nearest"] = RoundingMethod.Nearest,
        ["feedback"] = RoundingMethod.ErrorFeedback,
        ["descent"] = RoundingMethod.Descent,
        ["feedback+descent"] = RoundingMethod.FeedbackAndDescent,
        ["meanfield"] = RoundingMethod.MeanField,
        ["best"] = RoundingMethod.Best,
    };

    /// <summary>Names of the rounding methods.</summary>
    public static IEnumerable<string> Roundings => s_roundings.Keys;

    /// <summary>Reads one of <see cref="Roundings"/>.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: there is no such method.</exception>
    public static RoundingMethod ParseRounding(string name) => s_roundings.TryGetValue(name, out RoundingMethod method)
        ? method
        : throw new HawqException(HawqIds.Usage, $"There is no rounding '{name}'. Use {string.Join(", ", Roundings)}.");

    /// <summary>Settings for the manifest, in effect rather than asked for: 8/8 layers, for example, are rounded to nearest whatever the recipe says.</summary>
    /// <param name="options">The steps.</param>
    /// <param name="sequential">False for <see cref="Effort.Naive"/>, which takes no step.</param>
    /// <param name="layers">Bits of the layers with weights.</param>
    internal static IEnumerable<Setting> Settings(RecipeOptions options, bool sequential, IEnumerable<LayerBits> layers)
    {
        LayerBits[] bits = [.. layers.Distinct().OrderBy(b => b.Weights).ThenBy(b => b.Activations).ThenBy(b => b.Window)];
        bool SecondOrder(LayerBits b) => sequential && options.IsSecondOrder(b);
        yield return new("rounding", ByBits(bits, b => SecondOrder(b) ? s_roundings.First(pair => pair.Value == options.Rounding).Key : "nearest"));
        yield return new("weightScales", ByBits(bits, b =>
            !SecondOrder(b) ? sequential && options.Scaling == WeightScaling.LeastSquares && b.Weights < 8 ? "least squared error" : "largest weight"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(options.Scaling == WeightScaling.Largest || b.Weights == 8 ? "largest weight" : options.Scaling == WeightScaling.LeastSquares ? "least squared error" : "least layer loss")}, {options.ScaleRefits} fits to the codes")));
        yield return new("weightRefit", ByBits(bits, b => SecondOrder(b) && options.Refit ? "yes" : "no"));
        yield return new("correction", !sequential || options.Correction == Correction.None ? "none"
            : (options.Correction == Correction.Affine ? "means and slopes" : "means") + (options.SkipAware ? ", skip-aware" : ""));
        yield return new("equalization", sequential && options.Equalize ? "yes" : "no");
    }

    /// <summary>One text if it is the same for all bits, else each with the bits that it is for.</summary>
    private static string ByBits(LayerBits[] bits, Func<LayerBits, string> text)
    {
        IGrouping<string, LayerBits>[] groups = [.. bits.GroupBy(text)];
        return groups.Length == 1 ? groups[0].Key : string.Join("; ", groups.Select(group => $"{group.Key} at {string.Join(" ", group)}"));
    }
}
