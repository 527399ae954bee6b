using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>The checklist in src/docs/survey.md names tests and options: they must exist.</summary>
public sealed partial class SurveyTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Checkout.Root, "src", "docs", "survey.md"));

    [Fact]
    public void Every_test_that_the_page_names_exists_in_the_project_it_names()
    {
        Match[] rows = Row().Matches(s_page).ToArray();
        Assert.True(rows.Length > 20, $"{rows.Length} rows with tests");
        foreach (Match row in rows)
        {
            string project = Path.Combine(Checkout.Root, "tests", $"Hawq.{row.Groups["project"].Value}.Tests");
            string sources = string.Concat(Directory.GetFiles(project, "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
            Assert.All<Match>(Name().Matches(row.Groups["tests"].Value), name => Assert.Contains($" {name.Groups[1].Value}(", sources, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_option_that_the_page_names_is_on_a_help_page()
    {
        string help = string.Concat(
            (await Task.WhenAll(new[] { "quantize", "train", "analyze", "ablate", "profile", "bench", "verify" }.Select(verb => Tool.Run(verb, "--help")))).Select(outcome => outcome.Output));
        string[] options = [.. Option().Matches(s_page).Select(match => match.Value).Distinct().Except(["--filter"])];
        Assert.True(options.Length > 10);
        Assert.All(options, option => Assert.Contains(option, help, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\| (?<tests>`[A-Z]\w*_\w+`(, `\w+`)*) \| (?<project>\w+) \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*[a-z]")]
    private static partial Regex Option();
}
