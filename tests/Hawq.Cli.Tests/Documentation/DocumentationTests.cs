using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Xunit;

namespace Hawq.Cli.Tests.Documentation;

/// <summary>Every command that the documentation and the help pages show exists and runs, on small inputs.</summary>
public sealed class DocumentationTests(SmallInputs inputs) : IClassFixture<SmallInputs>
{
    /// <summary>Tested elsewhere: <c>--start</c> starts nine processes per side (VerbTests), <c>--sass</c> needs NVIDIA's assembler (GpuVerbTests).</summary>
    private static readonly string[] s_elsewhere = ["--start", "--sass"];

    public static TheoryData<string> Pages => [.. DocumentedCommands.Pages.Where(page => DocumentedCommands.Blocks(page).Concat(DocumentedCommands.WholeSpans(page)).Any())];

    public static TheoryData<string> Verbs => [.. DocumentedCommands.Examples.Select(verb => verb.Key)];

    [Fact]
    public void Every_command_in_a_block_and_on_a_help_page_parses()
    {
        (string Page, string Line)[] all =
            [.. DocumentedCommands.Pages.SelectMany(page => DocumentedCommands.Blocks(page).Select(line => (page, line))), .. DocumentedCommands.Examples.SelectMany(verb => verb.Select(line => ("help", line)))];
        Assert.True(all.Length > 40, $"{all.Length} commands found");
        Assert.Empty(HawqTool.VerbNames.Except(all.Select(command => command.Line.Split(' ')[0])));

        Assert.Empty(all.SelectMany(command => HawqTool.Parse(DocumentedCommands.Words(command.Line)).Errors.Select(error => $"{command.Page}: hawq {command.Line}: {error.Message}")));
    }

    [Fact]
    public void Every_verb_and_option_in_running_text_exists()
    {
        (string Page, string Line)[] all = [.. DocumentedCommands.Pages.SelectMany(page => DocumentedCommands.Spans(page).Select(line => (page, line)))];
        Assert.True(all.Length > 60, $"{all.Length} commands found");

        Assert.Empty(all.SelectMany(command => Unknown(command.Line).Select(word => $"{command.Page}: hawq {command.Line}: {word}")));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public Task Every_command_of_a_page_runs(string page) => RunAll(DocumentedCommands.Blocks(page).Concat(DocumentedCommands.WholeSpans(page).Order(StringComparer.Ordinal)));

    [Theory]
    [MemberData(nameof(Verbs))]
    public Task Every_example_of_a_help_page_runs(string verb) => RunAll(DocumentedCommands.Examples[verb]);

    private async Task RunAll(IEnumerable<string> lines)
    {
        using TemporaryFolder folder = new();
        SmallCommand small = new(inputs, folder);
        foreach (string line in lines.Distinct().Where(line => !s_elsewhere.Any(line.Contains)))
        {
            string[] arguments = small.Arguments(line);
            Outcome outcome = await Tool.Run(arguments);
            Assert.True(outcome.Code == 0, $"hawq {line}\nas hawq {string.Join(' ', arguments)}\nexit code {outcome.Code}\n{outcome.Error}{outcome.Output}");
        }
    }

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
}
