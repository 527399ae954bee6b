using System.Text.Json;
using Hawq.Cli.Tests.Documentation;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary><c>hawq calibrate</c>, and <c>hawq quantize --statistics</c>.</summary>
public sealed class CalibrateTests(SmallInputs inputs) : IClassFixture<SmallInputs>
{
    [Theory]
    [InlineData("--effort naive")]
    [InlineData("--effort naive --bits 4/4 --calibrator4 kl")]
    [InlineData("--effort fast --bits 4/8")]
    public async Task Shards_make_the_bytes_that_all_inputs_make(string options)
    {
        using TemporaryFolder folder = new();
        string[] quantize = ["quantize", inputs.Model, .. options.Split(' ')], data = ["--calibration", inputs.Data, "--preprocess", "cifar10"];
        await Run(["calibrate", inputs.Model, .. data, "--first", "20", "-o", folder.PathOf("shards/b.json")]);
        await Run(["calibrate", inputs.Model, .. data, "--images", "20", "-o", folder.PathOf("shards/a.json")]);

        await Run([.. quantize, .. data, "-o", folder.PathOf("all/net.hawq.json")]);
        await Run([.. quantize, .. options.Contains("naive", StringComparison.Ordinal) ? [] : data, "--statistics", folder.PathOf("shards"), "-o", folder.PathOf("merged/net.hawq.json")]);

        Assert.Equal(File.ReadAllBytes(folder.PathOf("all/net.hawq.json")), File.ReadAllBytes(folder.PathOf("merged/net.hawq.json")));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("all/net.hawq.bin")), File.ReadAllBytes(folder.PathOf("merged/net.hawq.bin")));
    }

    [Fact]
    public async Task Json_on_standard_output_is_the_file()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Run("calibrate", inputs.Model, "--calibration", inputs.Data, "--preprocess", "cifar10", "--json", "-o", folder.PathOf("s.json"));

        Assert.Equal(File.ReadAllText(folder.PathOf("s.json")), outcome.Output);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal(32, json.RootElement.GetProperty("inputs")[0].GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("--statistics s.json s.json --effort naive", 1, "Input 0 of images.bin is in two")]
    [InlineData("--statistics s.json", 2, "Effort balanced fits the layers to inputs")]
    [InlineData("--statistics s.json --effort naive --images 4", 2, "--images belongs to --calibration")]
    [InlineData("--statistics s.json --effort naive --bits mixed --budget bops=0.5", 2, "--bits mixed measures")]
    [InlineData("--statistics nothing.json --effort naive", 1, "nothing.json")]
    [InlineData("--statistics empty --effort naive", 1, "no statistics")]
    public async Task What_cannot_be_is_refused_and_writes_nothing(string options, int code, string message)
    {
        using TemporaryFolder folder = new();
        inputs.CopyStatistics(folder.PathOf("s.json"));
        Directory.CreateDirectory(folder.PathOf("empty"));

        Outcome outcome = await Tool.Run(["quantize", inputs.Model, .. options.Split(' ').Select(word => word is "s.json" or "nothing.json" or "empty" ? folder.PathOf(word) : word), "-o", folder.PathOf("net.hawq.json")]);

        Assert.Equal(code, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["empty", "s.json"], folder.Entries);
    }

    [Theory]
    [InlineData("--first 32 -o", 1, "There is no input 32: images.bin holds 32")]
    [InlineData("--first -1 -o", 2, "--first must be at least 0")]
    [InlineData("--images 0 -o", 2, "--images at least 1")]
    [InlineData("", 2, "Give -o FILE, or --json")]
    public async Task Shards_that_are_none_are_refused(string options, int code, string message)
    {
        using TemporaryFolder folder = new();
        string[] more = options.Length == 0 ? [] : [.. options.Split(' '), folder.PathOf("s.json")];

        Outcome outcome = await Tool.Run(["calibrate", inputs.Model, "--calibration", inputs.Data, "--preprocess", "cifar10", .. more]);

        Assert.Equal(code, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(folder.Entries);
    }

    private static async Task<Outcome> Run(params string[] arguments)
    {
        Outcome outcome = await Tool.Run(arguments);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }
}
