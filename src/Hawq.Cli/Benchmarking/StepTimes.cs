using Hawq.Cli.Verification;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Cli.Benchmarking;

/// <summary>Time of one step of a generated network.</summary>
/// <param name="Name">Name of its first layer.</param>
/// <param name="Layers">All layers that it computes.</param>
/// <param name="Kernel">Kernel on this machine: tier, family and, where it sums in int16, the window in steps; null for steps without weights.</param>
/// <param name="Macs">Multiply-accumulates.</param>
/// <param name="MedianUs">Median of one inference, in microseconds.</param>
/// <param name="MinUs">Fastest.</param>
/// <param name="Share">Part of the sum of all medians.</param>
/// <param name="GmacPerSecond">Multiply-accumulates per nanosecond of the median; null for steps without weights.</param>
/// <param name="PeakGmacPerSecond">What the kernel's multiplications alone reach on this machine, measured in the same run (Winograd's counted as the multiply-accumulates they replace); null where there is no micro-kernel.</param>
/// <param name="ShareOfPeak">Their ratio.</param>
internal sealed record StepTime(
    string Name, IReadOnlyList<string> Layers, string? Kernel, long Macs, double MedianUs, double MinUs, double Share, double? GmacPerSecond,
    double? PeakGmacPerSecond, double? ShareOfPeak)
{
    /// <summary>
    /// Time that the steps of some kernels would take at their peaks over the time they take: the share of the peak of all of them, each weighted by its
    /// work. Null if there are none.
    /// </summary>
    public static double? ShareOfAll(IEnumerable<StepTime> steps)
    {
        StepTime[] measured = [.. steps.Where(step => step.PeakGmacPerSecond is not null)];
        return measured.Length == 0 ? null : measured.Sum(step => step.Macs / step.PeakGmacPerSecond!.Value) / measured.Sum(step => step.MedianUs * 1000);
    }
}

/// <summary>Measures the steps of a network in the order in which they run, so that caches are as cold or warm as in real work.</summary>
internal static class StepTimes
{
    private const int WarmUpRuns = 200;

    /// <summary>Measures.</summary>
    /// <param name="network">Network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="rounds">Samples per step.</param>
    /// <param name="progress">Called with the rounds done.</param>
    /// <param name="cancellation">Stops between inferences.</param>
    public static IReadOnlyList<StepTime> Measure(Network network, NetworkWeights weights, int rounds, Action<int> progress, CancellationToken cancellation)
    {
        using GeneratedRunner runner = new(network, weights, watched: true);
        NetworkPlan plan = runner.Plan;
        for (int i = 0; i < Math.Min(WarmUpRuns, rounds); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            runner.InferTimed(new double[plan.Steps.Count]);
        }

        double[][] samples = [.. plan.Steps.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] times = new double[plan.Steps.Count];
            runner.InferTimed(times);
            for (int step = 0; step < times.Length; step++)
            {
                samples[step][round] = times[step] / 1000;
            }

            progress(round + 1);
        }

        foreach (double[] times in samples)
        {
            Array.Sort(times);
        }

        double sum = samples.Sum(times => times[rounds / 2]);
        Dictionary<(InstructionSet, KernelFamily, int), double?> peaks = [];
        return [.. plan.Steps.Select((step, i) => Describe(step, samples[i][rounds / 2], samples[i][0], sum, Peak(step)))];

        double? Peak(Step step)
        {
            if (step is not ConvStep conv || Choice(conv) is not { } choice)
            {
                return null;
            }

            // A window of int16 lanes only says how often they are spilled.
            (InstructionSet, KernelFamily, int) key = (choice.Tier, choice.Family, choice.Family == KernelFamily.Tree ? choice.Window : 0);
            if (!peaks.TryGetValue(key, out double? peak))
            {
                peaks.Add(key, peak = KernelPeak.Measure(choice));
            }

            return choice.Family == KernelFamily.Winograd4 ? peak / new WinogradLayout(choice.Tier, conv.Geometry).ProductsPerMac : peak;
        }
    }

    private static StepTime Describe(Step step, double median, double min, double sum, double? peak)
    {
        ConvStep? conv = step as ConvStep;
        long macs = conv is null ? 0 : (long)conv.Geometry.Output.Length * conv.Geometry.Kernel.Height * conv.Geometry.Kernel.Width * conv.Geometry.GroupInputChannels;
        return new StepTime(
            step.Name, [.. step.Layers], conv is null ? null : Kernel(conv), macs, median, min, median / sum, conv is null ? null : macs / (median * 1000),
            peak, macs / (median * 1000) / peak);
    }

    private static KernelChoice? Choice(ConvStep conv) => conv.Kernels.FirstOrDefault(k => Tier.Supports(k.Tier) && k.Family != KernelFamily.Scalar);

    private static string Kernel(ConvStep conv)
    {
        KernelChoice? choice = Choice(conv);
        return choice is null ? "scalar" : $"{choice.Tier}/{choice.Family}{(choice.Window > 0 ? $"/{choice.Window}" : "")}".ToLowerInvariant();
    }
}
