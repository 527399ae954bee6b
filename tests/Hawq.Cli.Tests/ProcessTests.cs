using Xunit;

namespace Hawq.Cli.Tests;

public sealed class ProcessTests
{
    [Fact]
    public async Task The_process_returns_the_exit_code_and_keeps_errors_off_standard_output()
    {
        Outcome outcome = await ToolProcess.Run("inspect", "no-such-file.onnx");
        Assert.Equal(1, outcome.Code);
        Assert.Equal("", outcome.Output);
        Assert.Contains("HAWQ1202", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_output_is_utf8_without_a_byte_order_mark()
    {
        Outcome outcome = await ToolProcess.Run("--help");
        Assert.Equal(0, outcome.Code);
        Assert.StartsWith("Description:", outcome.Output, StringComparison.Ordinal);
    }
}
