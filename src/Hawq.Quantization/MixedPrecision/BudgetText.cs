using System.Globalization;
using Hawq.Model;
using Hawq.Quantization.Search;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>Reads budgets as people type them: <c>bops=0.5</c> is alpha one half; <c>size=200kB</c>, <c>bops=1.2G</c>, <c>latency=850us</c> are absolute.</summary>
public static class BudgetText
{
    private static readonly Dictionary<string, (string Suffix, decimal Factor)[]> s_units = new()
    {
        [CostNames.Size] = [("KiB", 1024), ("MiB", 1 << 20), ("kB", 1000), ("MB", 1_000_000), ("B", 1)],
        [CostNames.Bops] = [("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)],
        [CostNames.Latency] = [("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000)],
    };

    /// <summary>Reads one budget. A plain number is an alpha from 0 to 1; a number with a unit is absolute.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: it is neither.</exception>
    public static Budget Parse(string text)
    {
        string[] parts = text.Split('=');
        if (parts.Length != 2 || !s_units.TryGetValue(parts[0], out (string Suffix, decimal Factor)[]? units))
        {
            throw Wrong(text, "It has the form COST=VALUE, with the cost size, bops or latency.");
        }

        string value = parts[1];
        foreach ((string suffix, decimal factor) in units.OrderByDescending(unit => unit.Suffix.Length))
        {
            if (value.EndsWith(suffix, StringComparison.Ordinal) && Number(value[..^suffix.Length]) is decimal absolute)
            {
                return Budget.Absolute(parts[0], absolute * factor);
            }
        }

        return Number(value) is decimal alpha and <= 1
            ? Budget.Between(parts[0], alpha)
            : throw Wrong(text, $"A number from 0 to 1 lies between the narrowest and the widest network; for an absolute limit add a unit: {string.Join(", ", units.Select(unit => unit.Suffix))}.");
    }

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) && value <= 1e15m ? value : null;

    private static HawqException Wrong(string text, string remedy) => new(HawqIds.Usage, $"'{text}' is no budget. {remedy}");
}
