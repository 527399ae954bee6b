using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class CardTests
{
    [Fact]
    public async Task The_card_is_markdown_html_or_json_by_the_ending()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);

        Outcome markdown = await Tool.Run("card", manifest);
        Assert.Equal(0, markdown.Code);
        Assert.StartsWith("# Quantization card: small\n", markdown.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Tool.Run("card", manifest, "-o", folder.PathOf("card.html"))).Code);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(folder.PathOf("card.html")), StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await Tool.Run("card", manifest, "--json")).Output);
        Assert.Equal("8", json.RootElement.GetProperty("weights").GetProperty("averageBits").GetString());
        Assert.Equal(2, (await Tool.Run("card", manifest, "-o", folder.PathOf("card.pdf"))).Code);
    }

    [Fact]
    public async Task A_contact_sheet_stands_on_the_page_and_nowhere_else()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder), sheet = folder.PathOf("sheet.png"), page = folder.PathOf("card.html");
        File.WriteAllBytes(sheet, [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2]);

        Assert.Equal(0, (await Tool.Run("card", manifest, "--contact-sheet", sheet, "-o", page)).Code);
        Assert.Contains("src=\"data:image/png;base64,iVBORwEC\"", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Equal(2, (await Tool.Run("card", manifest, "--contact-sheet", sheet)).Code);
        Outcome outcome = await Tool.Run("card", manifest, "--contact-sheet", manifest, "-o", page);
        Assert.Equal(1, outcome.Code);
        Assert.Contains("This is no PNG file", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_evaluation_gives_the_accuracy_and_its_interval()
    {
        using TemporaryFolder folder = new();
        string evaluation = folder.Write("e.json", """{ "network": "small", "data": "test.bin", "images": 1000, "top1": 91.5, "floatTop1": 92 }""");

        Outcome outcome = await Tool.Run("card", SmallNetwork.Save(folder), "--evaluation", evaluation);

        Assert.Contains("| top1 | 91.50 % |", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("| top1Interval95 | 89.61 to 93.07 % |", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cards_without_a_difference_can_be_compared_and_others_cannot()
    {
        using TemporaryFolder folder = new(), other = new();
        string manifest = SmallNetwork.Save(folder), without = SmallNetwork.Save(other, pixels: false);

        Assert.Equal(0, (await Tool.Run("card", "--diff", manifest, manifest)).Code);
        Outcome outcome = await Tool.Run("card", "--diff", manifest, without);
        Assert.Equal(3, outcome.Code);
        Assert.Contains("neither network can be called better", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_card_that_was_edited_is_noticed()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string text = File.ReadAllText(manifest);
        File.WriteAllText(manifest, text.Replace("\"settings\":", "\"card\": [[\"weights.averageBits\", \"4\"]], \"settings\":", StringComparison.Ordinal));

        Outcome outcome = await Tool.Run("card", manifest);

        Assert.Equal(3, outcome.Code);
        Assert.Contains("HAWQ1203", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_card_of_the_sample_is_the_one_that_this_version_computes() =>
        Assert.Equal(0, (await Tool.Run("card", Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq.json"))).Code);

    [Fact]
    public async Task Nothing_to_do_is_a_usage_error() => Assert.Equal(2, (await Tool.Run("card")).Code);
}
