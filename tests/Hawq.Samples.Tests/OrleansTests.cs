using System.Text.RegularExpressions;
using Hawq.Testing;
using OrleansSample;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/Orleans: two silo processes, of which one is killed.</summary>
public sealed class OrleansTests
{
    private const int Images = 1000;

    [Fact]
    public async Task A_killed_silo_costs_no_image_and_no_bit()
    {
        using RunningProgram run = SamplePrograms.Start("Orleans/OrleansSample", "--images", $"{Images}");

        string killed = (await run.Says(@"^silo1 killed after (\d+) of 32 batches")).Groups[1].Value;
        string together = (await run.Says(@"^sha256, two processes +([0-9a-f]{64})")).Groups[1].Value;
        string alone = (await run.Says(@"^sha256, one process +([0-9a-f]{64})")).Groups[1].Value;

        Assert.Equal(0, await run.Ends());
        Assert.Equal("10", killed);
        Assert.Equal(alone, together);
        Assert.Matches($@"(?m)^images +{Images} of {Images}\b", run.Output);

        // Both have worked, and every batch has been counted for one of them only.
        int[] counts = [.. Regex.Matches(run.Output, @"(?m)^silo\d +(\d+) batches").Select(match => int.Parse(match.Groups[1].Value, null))];
        Assert.Equal(2, counts.Length);
        Assert.Equal(32, counts.Sum());
        Assert.All(counts, count => Assert.InRange(count, 1, 31));
    }

    [Fact]
    public void A_result_that_arrives_twice_is_recorded_once()
    {
        Ledger ledger = new(2);
        Assert.True(ledger.Record(1, [3, 4]));
        Assert.True(ledger.Record(0, [1, 2]));
        string hash = ledger.Hash();

        Assert.False(ledger.Record(1, [3, 4]));
        Assert.False(ledger.Record(0, [9, 9]));

        Assert.Equal((2, 4L, hash), (ledger.Recorded, ledger.Count(), ledger.Hash()));
    }

    [Fact]
    public void A_batch_without_a_result_is_missed()
    {
        Ledger ledger = new(2);
        ledger.Record(0, [1, 2]);
        Assert.Contains("Batch 1 is lost", Assert.Throws<InvalidOperationException>(ledger.Hash).Message, StringComparison.Ordinal);
    }
}
