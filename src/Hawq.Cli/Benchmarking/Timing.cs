using System.Diagnostics;

namespace Hawq.Cli.Benchmarking;

/// <summary>Times of one contestant.</summary>
/// <param name="MedianMs">Median of one inference, in milliseconds.</param>
/// <param name="MinMs">Fastest round.</param>
/// <param name="P10Ms">Tenth percentile.</param>
/// <param name="P90Ms">Ninetieth percentile.</param>
/// <param name="Rounds">Rounds measured.</param>
/// <param name="AllocatedBytes">
/// Managed bytes that one inference allocates on the calling thread, in the median turn: what the runtime allocates once, when it replaces a method
/// by a faster version, is not the inference's.
/// </param>
internal sealed record Timing(double MedianMs, double MinMs, double P10Ms, double P90Ms, int Rounds, double AllocatedBytes);

/// <summary>
/// Measures contestants in one process, taking turns: whatever disturbs the machine (another process, a change of clock) then
/// disturbs all of them, and their ratio holds still.
/// </summary>
internal static class Interleaved
{
    /// <summary>How long one turn should last: long enough for the clock, short enough that turns stay close.</summary>
    private const double TurnMs = 20;

    /// <summary>Warm-up ends at the latest after this.</summary>
    private const double MaxWarmUpMs = 30_000;

    /// <summary>What counts as faster: more than the clock's noise.</summary>
    private const double Faster = 0.97;

    /// <summary>Measures.</summary>
    /// <param name="contestants">One inference each.</param>
    /// <param name="rounds">Turns per contestant.</param>
    /// <param name="settledMs">Warm-up of a contestant ends when nothing got faster for so long.</param>
    /// <param name="progress">Called with the rounds done.</param>
    /// <param name="cancellation">Stops between turns.</param>
    /// <param name="processorTime">
    /// Whether to measure the processor time of the process instead of the time that passes: on a machine whose processors others use too, waiting for one
    /// is then not measured. What others do to the caches still is.
    /// </param>
    public static Timing[] Measure(
        IReadOnlyList<Action> contestants, int rounds, double settledMs, Action<int> progress, CancellationToken cancellation, bool processorTime = false)
    {
        Func<TimeSpan> now = processorTime ? () => Environment.CpuUsage.TotalTime : () => Stopwatch.GetElapsedTime(0);
        int[] repetitions = [.. contestants.Select(c => WarmUp(c, settledMs, cancellation))];
        double[][] times = [.. contestants.Select(_ => new double[rounds])];
        double[][] allocated = [.. contestants.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < contestants.Count; i++)
            {
                // Whose turn comes first alternates: nobody always runs on the other's warm caches.
                int turn = round % 2 == 0 ? i : contestants.Count - 1 - i;
                Action run = contestants[turn];
                long bytes = GC.GetAllocatedBytesForCurrentThread();
                TimeSpan start = now();
                for (int n = 0; n < repetitions[turn]; n++)
                {
                    run();
                }

                times[turn][round] = (now() - start).TotalMilliseconds / repetitions[turn];
                allocated[turn][round] = (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / repetitions[turn];
            }

            progress(round + 1);
        }

        return [.. contestants.Select((_, i) => Summarize(times[i], allocated[i]))];
    }

    /// <summary>Runs until the fastest run has got no faster for a while: the JIT recompiles hot methods in the background.</summary>
    private static int WarmUp(Action run, double settledMs, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        long improved = start;
        double best = double.PositiveInfinity;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            long before = Stopwatch.GetTimestamp();
            run();
            double last = Stopwatch.GetElapsedTime(before).TotalMilliseconds;
            if (last < best * Faster)
            {
                (best, improved) = (last, Stopwatch.GetTimestamp());
            }
        }
        while (Stopwatch.GetElapsedTime(improved).TotalMilliseconds < settledMs && Stopwatch.GetElapsedTime(start).TotalMilliseconds < MaxWarmUpMs);
        return Math.Clamp((int)(TurnMs / Math.Max(best, 1e-4)), 1, 100_000);
    }

    private static Timing Summarize(double[] times, double[] allocated)
    {
        Array.Sort(times);
        Array.Sort(allocated);
        return new Timing(At(times, 0.5), times[0], At(times, 0.1), At(times, 0.9), times.Length, At(allocated, 0.5));
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)Math.Round(quantile * (sorted.Length - 1))];
}
