using Xunit;

namespace Hawq.Model.Tests;

/// <summary>Texts that are made to exhaust the compiler they are read in.</summary>
public class HostileTextTests
{
    [Theory]
    [InlineData("[],")]
    [InlineData("{},")]
    [InlineData("0,")]
    [InlineData("{\"a\":0},")]
    public void Too_many_values_are_refused_before_they_fill_the_memory(string value)
    {
        string text = "{\"format\": [" + string.Concat(Enumerable.Repeat(value, ManifestLimits.Values)) + "0]}";
        long before = GC.GetAllocatedBytesForCurrentThread();
        ManifestReadResult result = ManifestReader.Read(text, "f");
        Assert.Equal(HawqIds.ManifestSyntax, result.Diagnostics.Single().Id);
        Assert.Contains("too many values", result.Diagnostics.Single().Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 512L << 20);
    }

    [Fact]
    public void Fields_that_nobody_knows_are_counted_no_further_than_they_are_reported()
    {
        string text = "{\"format\": \"hawq/1\"" + string.Concat(Enumerable.Range(0, 200_000).Select(i => $",\"f{i}\":0")) + "}";
        Assert.Equal(ManifestLimits.Errors, ManifestReader.Read(text, "f").Diagnostics.Count);
    }

    [Theory]
    [InlineData("a\U000E0041")] // an invisible tag, beyond the first plane
    [InlineData("a\u2066")] // an isolate: the compiler reads another order than people
    public void Invisible_characters_are_not_printable(string text) => Assert.False(ManifestNames.IsPrintable(text));

    [Fact]
    public void Halves_of_surrogate_pairs_are_not_either()
    {
        // Not as attributes, whose strings are UTF-8.
        Assert.False(ManifestNames.IsPrintable("\uD800"));
        Assert.False(ManifestNames.IsPrintable("a\uDC00\uD800"));
        Assert.False(ManifestNames.IsPrintable("\uD83D"));
    }

    [Theory]
    [InlineData("caf\u00E9")]
    [InlineData("\u5206\u985E")]
    [InlineData("\U0001F41F")]
    public void Letters_of_any_script_and_pictures_are(string text) => Assert.True(ManifestNames.IsPrintable(text));
}
