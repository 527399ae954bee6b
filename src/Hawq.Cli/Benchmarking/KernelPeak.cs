using System.Diagnostics;
using Hawq.Planning;

namespace Hawq.Cli.Benchmarking;

/// <summary>
/// What a kernel family could reach on this machine: its multiplications and additions on a full register tile whose codes and weights lie in
/// the first-level cache, without bias, requantize, borders or stores. Layers are compared with it.
/// </summary>
internal static unsafe class KernelPeak
{
    private const int Steps = 48;
    private const int Repeats = 8;

    /// <summary>How often a kernel walks over the same codes and weights before it returns.</summary>
    public const int Turns = 8;

    private const int Rounds = 160;

    /// <summary>Measured multiply-accumulates per nanosecond, or null for families without a micro-kernel.</summary>
    /// <param name="kernel">Tier, family and window.</param>
    public static double? Measure(KernelChoice kernel) => (kernel.Tier, kernel.Family, Math.Max(1, kernel.Window)) switch
    {
        (InstructionSet.Avx512, KernelFamily.Maddubs16, _) => Best(MicroKernels512.RunAhead<Lanes16>, MicroKernels512.Outputs, 4),
        (InstructionSet.Avx512, KernelFamily.Tree, 1) => Best(MicroKernels512.Run<Tree1>, MicroKernels512.Outputs, 4),
        (InstructionSet.Avx512, KernelFamily.Tree, 2) => Best(MicroKernels512.Run<Tree2>, MicroKernels512.Outputs, 4),
        (InstructionSet.Avx512, KernelFamily.Tree, _) => Best(MicroKernels512.Run<Tree3>, MicroKernels512.Outputs, 4),
        (InstructionSet.Avx512, KernelFamily.Widen, _) => Best(MicroKernels512.RunAhead<Wide>, MicroKernels512.Outputs, 4),
        (InstructionSet.Avx512, KernelFamily.Winograd4, _) => Best(MicroKernels512.RunAhead<Pairs>, MicroKernels512.Outputs, 2),
        (InstructionSet.AvxVnni, KernelFamily.Dot4, _) => Best(MicroKernels256.Run<Dot>, MicroKernels256.Outputs, 4),
        (InstructionSet.Avx2, KernelFamily.Maddubs16, _) => Best(MicroKernels256.Run<Lanes16>, MicroKernels256.Outputs, 4),
        (InstructionSet.Avx2, KernelFamily.Tree, 1) => Best(MicroKernels256.Run<Tree1>, MicroKernels256.Outputs, 4),
        (InstructionSet.Avx2, KernelFamily.Tree, _) => Best(MicroKernels256.Run<Tree2>, MicroKernels256.Outputs, 4),
        (InstructionSet.Avx2, KernelFamily.Widen, _) => Best(MicroKernels256.Run<Wide>, MicroKernels256.Outputs, 4),
        (InstructionSet.Avx2, KernelFamily.Winograd4, _) => Best(MicroKernels256.Run<Pairs>, MicroKernels256.Outputs, 2),
        _ => null,
    };

    // The fastest round: a peak is what nothing disturbed.
    private static double Best(Func<nint, nint, int, long> kernel, int outputs, int codesPerStep)
    {
        byte* memory = stackalloc byte[(MicroKernels512.Pixels * Steps * 4) + (2 * Steps * 64) + 64];
        byte* codes = (byte*)(((nint)memory + 63) & ~63);
        byte* weights = codes + (MicroKernels512.Pixels * Steps * 4);
        long sink = 0;
        double best = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
        {
            // Zen 4 settles in one of several rhythms, which differ by a tenth; what ran before decides which.
            Thread.SpinWait(1 + (round % 16));
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Repeats; i++)
            {
                sink += kernel((nint)codes, (nint)weights, Steps);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }

        GC.KeepAlive(sink);
        return (double)outputs * codesPerStep * Steps * Turns * Repeats / best;
    }
}
