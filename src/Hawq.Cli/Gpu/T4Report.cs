using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Model;
using Hawq.Quantization;
using Spectre.Console;

namespace Hawq.Cli.Gpu;

/// <summary>A network on a modelled T4, for <c>hawq bench --device t4-model</c> and <c>hawq profile --target t4</c>.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Device">Says that this is a model.</param>
/// <param name="Batch">Images of a batch.</param>
/// <param name="ClockGhz">Clock of the multiprocessors.</param>
/// <param name="Milliseconds">Modelled time of a batch.</param>
/// <param name="MillisecondsPerImage">The same per image.</param>
/// <param name="LaunchMilliseconds">Of which between launches.</param>
/// <param name="Launches">In the order in which they run.</param>
internal sealed record T4Report(
    string Network, string Device, int Batch, double ClockGhz, double Milliseconds, double MillisecondsPerImage, double LaunchMilliseconds, IReadOnlyList<LaunchTime> Launches)
{
    /// <summary>Name of the device on the command line.</summary>
    public const string DeviceName = "t4-model";

    /// <summary>Compiles the kernels and models every launch.</summary>
    public static T4Report Create(Network network, NetworkWeights weights, int batch, double clockGhz, IProgressSink progress, CancellationToken cancellation)
    {
        progress.Begin("compile kernels", 0);
        GpuKernels kernels = GpuKernels.Compile(network, weights);
        progress.Begin("model launches", kernels.Program.Launches.Count);
        List<LaunchTime> launches = [];
        foreach (Hawq.Gpu.DeviceLaunch launch in kernels.Program.Launches)
        {
            cancellation.ThrowIfCancellationRequested();

            // Layers that share a kernel differ in nothing but names and weights.
            LaunchTime? same = launches.Find(time => time.Kernel == launch.Kernel);
            LaunchTime time = same ?? LaunchModel.Of(kernels, launch, batch, clockGhz);
            launches.Add(time with { Layers = launch.Layers, Shares = LaunchModel.Shares(kernels.Program, launch) });
            progress.Step(launches.Count, launch.Kernel);
        }

        double total = launches.Sum(launch => launch.Microseconds) / 1000;
        return new T4Report(network.Name, DeviceName, batch, clockGhz, total, total / batch, launches.Count * T4.LaunchNanoseconds / 1e6, launches);
    }

    /// <summary>Prints a table.</summary>
    public void Print(Terminal terminal)
    {
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Network}: model of an NVIDIA T4 at {ClockGhz} GHz, batch {Batch}. Nothing was measured; see gpu.md for the formulas."));
        Table table = Tables.Create("layers", "kernel", "bound by");
        table.AddColumns([.. new[] { "us", "compute us", "tensor us", "L2 us", "DRAM us", "blocks", "resident", "mma/block", "instr/block" }.Select(Tables.Right)]);
        foreach (LaunchTime launch in Launches)
        {
            table.AddRow(
                Markup.Escape(launch.Layers), Markup.Escape(launch.Kernel), launch.Bound, Us(launch.Microseconds), Us(launch.Compute), Us(launch.Tensor), Us(launch.L2), Us(launch.Dram),
                Tables.Count(launch.Blocks), $"{launch.Resident}", Tables.CountOrNothing(launch.Block.Mma), Tables.Count(launch.Block.Issued));
        }

        terminal.Write(table);
        foreach (IGrouping<string, LaunchTime> bound in Launches.GroupBy(launch => launch.Bound).OrderByDescending(group => group.Sum(launch => launch.Microseconds)))
        {
            terminal.WriteLine($"bound by {bound.Key}: {bound.Count()} launches, {Us(bound.Sum(launch => launch.Microseconds))} us");
        }

        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Milliseconds:0.000} ms per batch, {MillisecondsPerImage:0.000} ms per image, {LaunchMilliseconds:0.000} ms of it between launches (modelled)"));
    }

    private static string Us(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
