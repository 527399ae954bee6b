using System.Text.RegularExpressions;
using Hawq.Testing;

namespace Hawq.Cli.Tests.Documentation;

/// <summary>The command lines that pages and help pages show, without "hawq".</summary>
internal static class DocumentedCommands
{
    /// <summary>What a page leaves to the reader, as something that parses.</summary>
    private static readonly Dictionary<string, string> s_placeholders = new()
    {
        ["N"] = "1", ["PERCENT"] = "0", ["WEIGHT"] = "0.5", ["M"] = "1", ["NET"] = "net.hawq.json", ["NAME"] = "net.hawq.json", ["MANIFEST"] = "net.hawq.json",
        ["MODEL"] = "model.onnx", ["OUT"] = "out.hawq.json", ["FOLDER"] = "DATA", ["FILE"] = "file.hawq.ptx",
    };

    /// <summary>The README, the documents, the samples' and the package's pages.</summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        .. new[] { "README.md" }.Concat(new[] { "src", "generators", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Checkout.Root, folder), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Checkout.Root, file))
            .Where(file => !Regex.IsMatch(file, @"[\\/](bin|obj|artifacts)[\\/]"))
            .Order(StringComparer.Ordinal)),
    ];

    /// <summary>Lines of their own.</summary>
    public static IEnumerable<string> Blocks(string page) =>
        Regex.Matches(Text(page).Replace("\\\n", " ", StringComparison.Ordinal), @"^ {4,}(?:dotnet )?hawq +(.*?)(?: +#.*)?$", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

    /// <summary>Between backquotes: whole commands, and parts of them.</summary>
    public static IEnumerable<string> Spans(string page) => Regex.Matches(Text(page), @"`(?:dotnet )?hawq +([^`]+)`").Select(match => match.Groups[1].Value);

    /// <summary>Spans that somebody could type: with what the verb works on, and nothing optional, alternative or left out.</summary>
    public static IEnumerable<string> WholeSpans(string page) => Spans(page).Where(line =>
        line.Split(' ') is [not "VERB", var first, ..] && !first.StartsWith("--", StringComparison.Ordinal) && !Regex.IsMatch(line, @"[\[\]|]|\.\.\.") && HawqTool.Parse(Words(line)).Errors.Count == 0);

    /// <summary>The examples of the help pages, by verb.</summary>
    public static ILookup<string, string> Examples { get; } = HawqTool.ExampleLines
        .Where(line => !line.Contains("...", StringComparison.Ordinal))
        .Select(line => line["hawq ".Length..].Split('|')[0].TrimEnd())
        .ToLookup(line => line.Split(' ')[0]);

    /// <summary>The words of a line.</summary>
    public static string[] Words(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('"')).Select(word => s_placeholders.GetValueOrDefault(word, word))];

    private static string Text(string page) => File.ReadAllText(Path.Combine(Checkout.Root, page)).ReplaceLineEndings("\n");
}
