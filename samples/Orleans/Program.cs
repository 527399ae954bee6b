// Runs the CIFAR-10 network over many images in two processes, kills one of them in the middle, and shows that no logit differs from one process's.
//   dotnet run -c Release --project samples/Orleans [-- --images N] [--no-kill]
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansSample;

const int BatchSize = 32;
const int Workers = 8;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["--silo", string name, string siloPort, string gatewayPort, string primaryPort])
{
    await Cluster.Serve(name, int.Parse(siloPort), int.Parse(gatewayPort), int.Parse(primaryPort));
    return 0;
}

bool kills = !args.Contains("--no-kill");
int images = 5_000;
if (args.Except(["--no-kill"]).ToArray() is { Length: > 0 } rest && !(rest is ["--images", string number] && int.TryParse(number, out images) && images is > 0 and <= 10_000_000))
{
    Console.Error.WriteLine("Usage: [--images N] [--no-kill], N from 1 to 10,000,000.");
    return 2;
}

Batch[] batches = [.. Enumerable.Range(0, (images + BatchSize - 1) / BatchSize).Select(i => new Batch(i, (long)i * BatchSize, Math.Min(BatchSize, images - (i * BatchSize))))];

Ledger ledger = new(batches.Length);
using Cluster cluster = await Cluster.Start();
using IHost client = await cluster.Connect();
Coordinator coordinator = new(client.Services.GetRequiredService<IGrainFactory>(), ledger, Workers);
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

Ledger alone = new(batches.Length);
using Resnet20Cifar10 network = new();
foreach (Batch batch in batches)
{
    alone.Record(batch.Id, InferenceGrain.Logits(network, batch));
}

foreach ((string silo, int count) in coordinator.BySilo.OrderBy(pair => pair.Key, StringComparer.Ordinal))
{
    Console.WriteLine($"{silo,-24}{count} batches");
}

Console.WriteLine($"{"calls made again",-24}{coordinator.Retries}");
Console.WriteLine($"{"images",-24}{ledger.Count() / Resnet20Cifar10.OutputLength} of {images}, {images / clock.Elapsed.TotalSeconds:F0} per second");
Console.WriteLine($"{"sha256, two processes",-24}{ledger.Hash()}");
Console.WriteLine($"{"sha256, one process",-24}{alone.Hash()}");
return ledger.Hash() == alone.Hash() ? 0 : 3;
