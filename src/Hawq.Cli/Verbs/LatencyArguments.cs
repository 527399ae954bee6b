using System.CommandLine;
using Hawq.Cli.Verification;
using Hawq.Model;
using Hawq.Quantization.MixedPrecision;

namespace Hawq.Cli.Verbs;

/// <summary><c>--latency-table FILE</c> and <c>--target NAME</c>: times for a latency budget, measured here or elsewhere.</summary>
/// <param name="condition">What stands before the descriptions: when the options count.</param>
internal sealed class LatencyArguments(string condition = "")
{
    private readonly Option<string?> _table = new("--latency-table") { Description = condition + "measured times, for a latency budget; made by 'hawq profile' on this machine or another.", HelpName = "FILE" };
    private readonly Option<string?> _target = new("--target") { Description = condition + "what the latency table must have been measured on: avx512, avx-vnni, avx2, t4, ...", HelpName = "NAME" };

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_table, _target];

    /// <summary>Whether any was given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_table) is not null || parsed.GetValue(_target) is not null;

    /// <summary>The table, or null.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: a target without a table. <see cref="HawqIds.BitSearch"/>: a table of another target.</exception>
    public LatencyTable? Read(ParseResult parsed)
    {
        string? file = parsed.GetValue(_table), target = parsed.GetValue(_target);
        if (file is null)
        {
            return target is null ? null : throw new HawqException(HawqIds.Usage, $"--target {target} says what a latency table must be of: give one with --latency-table. 'hawq profile --target {target}' makes it.");
        }

        LatencyTable table = LatencyTable.Read(file);
        return target is null || Tier.SameName(target, table.Target)
            ? table
            : throw new HawqException(HawqIds.BitSearch, $"The table was measured on {table.Target}, not on {target}. Make one with 'hawq profile --target {target}' where that is.", file);
    }
}
