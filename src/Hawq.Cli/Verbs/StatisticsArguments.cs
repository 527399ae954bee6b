using System.CommandLine;
using Hawq.Model;
using Hawq.Quantization.Calibration;

namespace Hawq.Cli.Verbs;

/// <summary>The part of <c>hawq quantize</c> that is about statistics collected before, by <c>hawq calibrate</c>.</summary>
internal sealed class StatisticsArguments
{
    private readonly Option<string[]> _statistics = new("--statistics")
    {
        Description = "Statistics of the float network from hawq calibrate: files, or folders of them, merged. With --effort naive they replace --calibration; with others they set the ranges of sums and outputs.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>The option.</summary>
    public Option Option => _statistics;

    /// <summary>The merged statistics, or null where none are given.</summary>
    /// <param name="parsed">Command line.</param>
    /// <param name="mixed">Whether bits are searched, which measures on inputs.</param>
    public CalibrationStatistics? Load(ParseResult parsed, bool mixed)
    {
        if (parsed.GetValue(_statistics) is not { Length: > 0 } paths)
        {
            return null;
        }

        if (mixed)
        {
            throw new HawqException(HawqIds.Usage, "--bits mixed measures networks on inputs: give --calibration DATA alone, or bits without --statistics.");
        }

        return CalibrationStatistics.Merge(paths.SelectMany(Files).Select(StatisticsFile.Read));
    }

    /// <summary>Refuses options that say something about inputs where there are none.</summary>
    public static void RefuseWithoutData(ParseResult parsed, params Option[] options)
    {
        if (options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new HawqException(HawqIds.Usage, $"{given.Name} belongs to --calibration: the statistics already say which inputs they are of.");
        }
    }

    private static IEnumerable<string> Files(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new HawqException(HawqIds.Calibration, "There are no statistics (*.json) in this folder.", path);
    }
}
