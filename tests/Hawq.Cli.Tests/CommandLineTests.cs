using Xunit;

namespace Hawq.Cli.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_lists_the_verbs_the_steps_and_the_exit_codes()
    {
        Outcome help = await Tool.Run("--help");
        Assert.Equal(0, help.Code);
        Assert.Contains("inspect", help.Output, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", help.Output, StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }

    [Fact]
    public async Task No_arguments_show_the_help() => Assert.Equal((await Tool.Run("--help")).Output, (await Tool.Run()).Output);

    [Fact]
    public async Task Every_verb_has_a_help_page_with_examples_of_itself()
    {
        foreach (string verb in HawqTool.VerbNames)
        {
            Outcome help = await Tool.Run(verb, "--help");
            Assert.Equal(0, help.Code);
            Assert.Contains($"Examples:{Environment.NewLine}  hawq {verb}", help.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_mistyped_verb_is_a_usage_error_with_a_suggestion()
    {
        Outcome outcome = await Tool.Run("inspct", "x.onnx");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("HAWQ1201", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'inspect'?", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("", outcome.Output);
    }

    [Fact]
    public async Task An_unknown_option_is_a_usage_error_with_a_suggestion()
    {
        Outcome outcome = await Tool.Run("inspect", "x.onnx", "--jsn");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("'--jsn'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean '--json'?", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("See 'hawq inspect --help'.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_argument_is_a_usage_error()
    {
        Outcome outcome = await Tool.Run("inspect");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("HAWQ1201", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_one_message_that_names_it()
    {
        Outcome outcome = await Tool.Run("inspect", "no-such-file.onnx");
        Assert.Equal(1, outcome.Code);
        Assert.Equal($"no-such-file.onnx: error HAWQ1202: There is no such file. Check the path.{Environment.NewLine}", outcome.Error);
        Assert.Equal("", outcome.Output);
    }
}
