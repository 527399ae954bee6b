namespace Hawq.Cli.Gpu;

/// <summary>
/// What a T4 (sm_75) can do at most, per multiprocessor or for the whole card, and what the model assumes. Sources: [1] NVIDIA, "NVIDIA Turing GPU Architecture" (2018) and the T4's
/// data sheet; [2] NVIDIA, CUDA C++ Programming Guide, tables of compute capability 7.5; [3] Jia et al., "Dissecting the NVidia Turing T4 GPU via
/// Microbenchmarking" (arXiv 1903.07486); [4] sjfeng1999/gpu-arch-microbenchmark, measured on an RTX 2070 of the same architecture.
/// </summary>
internal static class T4
{
    /// <summary>Highest clock in GHz [1]. A T4 that reaches its 70 W runs slower (at 0.9 in mlcommons/inference_results_v0.5, issue 20); the model knows no power, its user says the clock.</summary>
    public const double ClockGhz = 1.59;

    /// <summary>Lowest clock in GHz [1].</summary>
    public const double BaseClockGhz = 0.585;

    /// <summary>Multiprocessors [1].</summary>
    public const int Multiprocessors = 40;

    /// <summary>Schedulers of a multiprocessor; each issues one warp instruction per cycle and has pipes of its own [1].</summary>
    public const int Schedulers = 4;

    /// <summary>
    /// Cycles of a tensor core for one mma: 1,024 products of m8n8k16 (8 bits) or 2,048 of m8n8k32 (4 bits). 130 (260) TOPS / 40 / 4 / 1.59 GHz / 2 = 256 (512) products
    /// per cycle [1].
    /// </summary>
    public const int MmaCycles = 4;

    /// <summary>Cycles of the integer or the multiply pipe for a warp instruction: 16 lanes each [1]; IADD3 measured at 2.03 [4].</summary>
    public const int PipeCycles = 2;

    /// <summary>Bytes per cycle between a multiprocessor and its shared memory or L1: 16 load/store units of 4 bytes [1].</summary>
    public const int SharedBytesPerCycle = 64;

    /// <summary>Banks of shared memory, 4 bytes wide [2].</summary>
    public const int Banks = 32;

    /// <summary>Bytes of a cache sector [3].</summary>
    public const int SectorBytes = 32;

    /// <summary>L1 that is left beside 64 kB of shared memory [2].</summary>
    public const int L1Bytes = 32 * 1024;

    /// <summary>L2 [1].</summary>
    public const int L2Bytes = 4 * 1024 * 1024;

    /// <summary>Bytes per nanosecond from L2, measured [3].</summary>
    public const double L2GigabytesPerSecond = 1270;

    /// <summary>Bytes per nanosecond from device memory: 320 by the data sheet [1], 220 measured [3]. The model uses what was measured.</summary>
    public const double DramGigabytesPerSecond = 220;

    /// <summary>Threads, blocks, registers and bytes of shared memory that a multiprocessor holds [2].</summary>
    public const int MaxThreads = 1024, MaxBlocks = 16, Registers = 65536, SharedBytes = 64 * 1024;

    /// <summary>Between the work of one launch and of the next: an assumption, 2 to 3 us are usual for launches that follow each other in a stream.</summary>
    public const double LaunchNanoseconds = 2500;

    /// <summary>Cycles until a result can be used: arithmetic 4, multiplies 5 [3]; shared memory 23, L1 32, L2 236 [4]; mma 12, assumed.</summary>
    public const int ArithmeticLatency = 4, MultiplyLatency = 5, MmaLatency = 12, SharedLatency = 23, L1Latency = 32, L2Latency = 236;
}
