using System.CommandLine;
using Hawq.Model;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Cli.Verbs;

/// <summary><c>--options W/A ...</c>: what every layer may become.</summary>
internal static class BitOptions
{
    /// <summary>The option.</summary>
    public static Option<string[]> Create(string description) => new("--options")
    {
        Description = description + " 8/8@6 keeps 8-bit weights so small that sums over 6 steps provably fit in int16 lanes.",
        HelpName = "W/A",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. SensitivityOptions.DefaultOptions.Select(option => option.ToString())],
    };

    /// <summary>What was given.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: no bit-width, or one twice.</exception>
    public static LayerBits[] Parse(ParseResult parsed, Option<string[]> option)
    {
        LayerBits[] bits = [.. parsed.GetRequiredValue(option).Select(LayerBits.Parse)];
        return bits.Distinct().Count() == bits.Length ? bits : throw new HawqException(HawqIds.Usage, $"--options {string.Join(" ", bits)}: each once.");
    }
}
