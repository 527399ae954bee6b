using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>Every command that the documentation shows exists, and what can run on the small data in the repository runs.</summary>
public sealed class DocumentationTests
{
    /// <summary>Verbs that take long even on small data, and doctor, since the small model has no BatchNormalization left; each has tests of its own.</summary>
    private static readonly string[] s_elsewhere = ["train", "profile", "pareto", "bench", "ablate", "verify", "doctor"];

    // Statistics that the small model lacks, a table that profile writes, and data that are not images.
    private static readonly string[] s_notHere = ["zero-shot", "--latency-table", ".npy", "kws."];

    // What a page leaves to the reader, as something that parses.
    private static readonly Dictionary<string, string> s_placeholders = new()
    {
        ["N"] = "1", ["PERCENT"] = "90", ["WEIGHT"] = "0.5", ["M"] = "1",
    };

    private static readonly string[] s_pages =
    [
        .. new[] { "README.md" }.Concat(new[] { "src", "generators", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Checkout.Root, folder), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Checkout.Root, file))
            .Where(file => !Regex.IsMatch(file, @"[\\/](bin|obj|artifacts)[\\/]"))
            .Order(StringComparer.Ordinal)),
    ];

    public static TheoryData<string> Pages => new(s_pages.Where(page => Blocks(page).Any()));

    [Fact]
    public void Every_command_in_a_block_and_on_a_help_page_parses()
    {
        (string Page, string Line)[] all =
            [.. s_pages.SelectMany(page => Blocks(page).Select(line => (page, line))), .. HawqTool.ExampleLines.Where(line => !line.Contains("...", StringComparison.Ordinal)).Select(line => ("help", line["hawq ".Length..].Split('|')[0]))];
        Assert.True(all.Length > 40, $"{all.Length} commands found");

        Assert.Empty(all.SelectMany(command => HawqTool.Parse(Arguments(command.Line)).Errors.Select(error => $"{command.Page}: hawq {command.Line}: {error.Message}")));
    }

    [Fact]
    public void Every_verb_and_option_in_running_text_exists()
    {
        (string Page, string Line)[] all = [.. s_pages.SelectMany(page => Spans(page).Select(line => (page, line)))];
        Assert.True(all.Length > 60, $"{all.Length} commands found");

        Assert.Empty(all.SelectMany(command => Unknown(command.Line).Select(word => $"{command.Page}: hawq {command.Line}: {word}")));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task What_can_run_on_small_data_runs(string page)
    {
        using TemporaryFolder folder = new();
        foreach (string line in Blocks(page).Where(line => !s_elsewhere.Contains(line.Split(' ')[0]) && !s_notHere.Any(line.Contains)))
        {
            Outcome outcome = await Tool.Run([.. SmallData(Arguments(line), folder)]);
            Assert.True(outcome.Code == 0, $"hawq {line}\n{outcome.Error}");
        }
    }

    /// <summary>Command lines, without "hawq", that stand on lines of their own.</summary>
    private static IEnumerable<string> Blocks(string page) =>
        Regex.Matches(Text(page).Replace("\\\n", " ", StringComparison.Ordinal), @"^ {4,}(?:dotnet )?hawq +(.*?)(?: +#.*)?$", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

    /// <summary>Command lines between backquotes.</summary>
    private static IEnumerable<string> Spans(string page) => Regex.Matches(Text(page), @"`(?:dotnet )?hawq +([^`]+)`").Select(match => match.Groups[1].Value);

    private static string Text(string page) => File.ReadAllText(Path.Combine(Checkout.Root, page)).ReplaceLineEndings("\n");

    private static string[] Arguments(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('"')).Select(word => s_placeholders.GetValueOrDefault(word, word))];

    private static IEnumerable<string> Unknown(string line)
    {
        string[] words = [.. Regex.Split(line, @"[\s\[\]=|]+").Where(word => word.Length > 0)];
        if (words[0] is "VERB" || words[0].StartsWith('-'))
        {
            words = [.. words.SkipWhile(word => word == "VERB")];
            return words.Where(word => word.StartsWith('-') && !Options(HawqTool.Parse([]).RootCommandResult.Command).Contains(word));
        }

        ParseResult parsed = HawqTool.Parse([words[0]]);
        return parsed.CommandResult.Command is RootCommand root
            ? [words[0]]
            : words.Where(word => word.StartsWith('-') && !Options(parsed.CommandResult.Command).Concat(Options(parsed.RootCommandResult.Command)).Contains(word));
    }

    private static IEnumerable<string> Options(Command command) => command.Options.SelectMany(option => option.Aliases.Append(option.Name));

    /// <summary>The same command on a small model and a few images, with every file in a temporary folder.</summary>
    private static IEnumerable<string> SmallData(string[] arguments, TemporaryFolder folder)
    {
        string samples = Path.Combine(Checkout.Root, "samples");
        IEnumerable<string> words = arguments.Select((word, i) => i > 0 && arguments[i - 1] == "--images" ? "32" : word switch
        {
            "imagenet" or "cifar10" => "none",
            _ when word.StartsWith("samples/", StringComparison.Ordinal) => Path.Combine(Checkout.Root, word),
            _ when word.EndsWith(".onnx", StringComparison.Ordinal) || word == "MODEL" => Path.Combine(samples, "MixedPrecision", "model", "resnet8.onnx"),
            _ when word.EndsWith(".bin", StringComparison.Ordinal) || word.EndsWith('/') || word == "DATA" => Path.Combine(samples, "Cifar10", "data", "test_batch_200.bin"),
            _ when word.EndsWith(".hawq.json", StringComparison.Ordinal) => Manifest(word, folder),
            _ when word.Contains('.', StringComparison.Ordinal) && Regex.IsMatch(word, @"\.(json|html|md)$") => folder.PathOf(word),
            _ => word,
        });
        words = arguments.Contains("--calibration") && !arguments.Contains("--images") ? words.Concat(["--images", "32"]) : words;
        return arguments[0] == "quantize" && !arguments.Contains("--effort") ? words.Concat(["--effort", "fast"]) : words;
    }

    // A manifest that an earlier line has not written is the sample's.
    private static string Manifest(string name, TemporaryFolder folder)
    {
        string path = folder.PathOf(name);
        string sample = Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq");
        if (!File.Exists(path))
        {
            File.Copy(sample + ".json", path);
            File.Copy(sample + ".bin", folder.PathOf("resnet20-cifar10.hawq.bin"), overwrite: true);
        }

        return path;
    }
}
