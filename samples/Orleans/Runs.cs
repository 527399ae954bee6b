using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansSample;

/// <summary>The two jobs of the sample: each done by the cluster, then by one process, and compared.</summary>
/// <param name="images">Number of images.</param>
/// <param name="kills">Whether a silo is killed after a third of the work.</param>
internal sealed class Runs(int images, bool kills)
{
    private const int Workers = 8;

    /// <summary>Logits of all images; true when the cluster's are those of one process.</summary>
    public async Task<bool> Infer()
    {
        Batch[] batches = Batch.Split(images, size: 16);
        Ledger<int> ledger = new(batches.Length), alone = new(batches.Length);
        Stopwatch clock = await Together(batches, ledger, (grains, worker, batch) => grains.GetGrain<IInferenceGrain>(worker).Infer(batch));

        using Resnet20Cifar10 network = new();
        foreach (Batch batch in batches)
        {
            alone.Record(batch.Id, InferenceGrain.Logits(network, batch));
        }

        Say("images", $"{ledger.Count() / Resnet20Cifar10.OutputLength} of {images}, {images / clock.Elapsed.TotalSeconds:F0} per second");
        return Compare(ledger.Hash(), alone.Hash());
    }

    /// <summary>A network calibrated on all images; true when the cluster's statistics make the same files as one process that sees all images.</summary>
    /// <param name="folder">A new or empty folder: gets the shards' statistics, the network, and in <c>alone</c> that of one process.</param>
    public async Task<bool> Calibrate(string folder)
    {
        Batch[] batches = Batch.Split(images, size: 20);
        Ledger<byte> ledger = new(batches.Length);
        Stopwatch clock = await Together(batches, ledger, (grains, worker, batch) => grains.GetGrain<ICalibrationGrain>(worker).Collect(batch));

        string shards = Directory.CreateDirectory(Path.Combine(folder, "shards")).FullName, alone = Directory.CreateDirectory(Path.Combine(folder, "alone")).FullName;
        foreach (Batch batch in batches)
        {
            await File.WriteAllBytesAsync(Path.Combine(shards, $"{batch.Id:D6}.json"), ledger[batch.Id]);
        }

        await HawqTool.Run("quantize", HawqTool.Model, "--statistics", shards, "--effort", "naive", "-o", Path.Combine(folder, "resnet8.hawq.json"));
        await HawqTool.Run(["quantize", HawqTool.Model, .. HawqTool.Images, "--images", $"{images}", "--effort", "naive", "-o", Path.Combine(alone, "resnet8.hawq.json")]);

        Say("images", $"{images} in {clock.Elapsed.TotalSeconds:F0} s");
        return Compare(Hash(folder), Hash(alone));
    }

    /// <summary>Does the work in two processes, of which one is killed; says who did how much.</summary>
    private async Task<Stopwatch> Together<T>(Batch[] batches, Ledger<T> ledger, Func<IGrainFactory, long, Batch, Task<Answer<T>>> ask)
        where T : unmanaged
    {
        using Cluster cluster = await Cluster.Start();
        using IHost client = await cluster.Connect();
        IGrainFactory grains = client.Services.GetRequiredService<IGrainFactory>();
        Coordinator<T> coordinator = new((worker, batch) => ask(grains, worker, batch), ledger, Workers);
        Stopwatch clock = Stopwatch.StartNew();
        await coordinator.Run(batches, recorded =>
        {
            if (kills && recorded == Math.Max(1, batches.Length / 3))
            {
                cluster.Kill(1);
                Console.WriteLine($"silo1 killed after {recorded} of {batches.Length} batches");
            }
        });
        clock.Stop();
        await client.StopAsync();
        foreach ((string silo, int count) in coordinator.BySilo.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Say(silo, $"{count} batches");
        }

        Say("calls made again", $"{coordinator.Retries}");
        return clock;
    }

    private static bool Compare(string together, string alone)
    {
        Say("sha256, two processes", together);
        Say("sha256, one process", alone);
        return together == alone;
    }

    /// <summary>SHA-256 of the manifest and the weights in a folder.</summary>
    private static string Hash(string folder) =>
        Convert.ToHexStringLower(SHA256.HashData([.. File.ReadAllBytes(Path.Combine(folder, "resnet8.hawq.json")), .. File.ReadAllBytes(Path.Combine(folder, "resnet8.hawq.bin"))]));

    private static void Say(string what, string value) => Console.WriteLine($"{what,-24}{value}");
}
