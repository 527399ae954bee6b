using System.Text.RegularExpressions;
using Hawq.Model;
using Hawq.Testing;
using OrleansSample;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/Orleans: two silo processes, of which one is killed.</summary>
public sealed class OrleansTests
{
    private const int Images = 400;

    [Fact]
    public async Task A_killed_silo_costs_no_image_and_no_bit()
    {
        using RunningProgram run = SamplePrograms.Start("Orleans/OrleansSample", "--images", $"{Images}");

        string killed = (await run.Says(@"^silo1 killed after (\d+) of 25 batches")).Groups[1].Value;
        string together = (await run.Says(@"^sha256, two processes +([0-9a-f]{64})")).Groups[1].Value;
        string alone = (await run.Says(@"^sha256, one process +([0-9a-f]{64})")).Groups[1].Value;

        Assert.Equal(0, await run.Ends());
        Assert.Equal("8", killed);
        Assert.Equal(alone, together);
        Assert.Matches($@"(?m)^images +{Images} of {Images}\b", run.Output);

        AssertShared(run, batches: 25);
    }

    [Fact]
    public async Task A_network_calibrated_by_silos_of_which_one_is_killed_is_that_of_one_process()
    {
        string folder = Directory.CreateTempSubdirectory("hawq-orleans-").FullName;
        try
        {
            using RunningProgram run = SamplePrograms.Start("Orleans/OrleansSample", "--calibrate", folder);
            string killed = (await run.Says(@"^silo1 killed after (\d+) of 10 batches")).Groups[1].Value;

            Assert.Equal(0, await run.Ends());
            Assert.Equal("3", killed);
            AssertShared(run, batches: 10);

            // Not by the program's word alone: the files are the same, and the manifest says which images it is calibrated on.
            foreach (string file in new[] { "resnet8.hawq.json", "resnet8.hawq.bin" })
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "alone", file)), File.ReadAllBytes(Path.Combine(folder, file)));
            }

            Network network = ManifestFile.Load(Path.Combine(folder, "resnet8.hawq.json")).Network;
            Assert.Contains(new Setting("calibration", "test_batch_200.bin, first 200"), network.Provenance.Settings);
            Assert.Equal(10, Directory.GetFiles(Path.Combine(folder, "shards")).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Both silos have worked, and every batch has been counted for one of them only.</summary>
    private static void AssertShared(RunningProgram run, int batches)
    {
        int[] counts = [.. Regex.Matches(run.Output, @"(?m)^silo\d +(\d+) batches").Select(match => int.Parse(match.Groups[1].Value, null))];
        Assert.Equal(2, counts.Length);
        Assert.Equal(batches, counts.Sum());
        Assert.All(counts, count => Assert.InRange(count, 1, batches - 1));
    }

    [Fact]
    public void A_result_that_arrives_twice_is_recorded_once()
    {
        Ledger<int> ledger = new(2);
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
        Ledger<int> ledger = new(2);
        ledger.Record(0, [1, 2]);
        Assert.Contains("Batch 1 is lost", Assert.Throws<InvalidOperationException>(ledger.Hash).Message, StringComparison.Ordinal);
    }
}
