namespace Hawq.Gpu;

/// <summary>What to do where there is no NVIDIA GPU from Turing (sm_75) on.</summary>
public enum GpuFallback
{
    /// <summary>Throw, and say what was found.</summary>
    None,

    /// <summary>The plain kernels on the first OpenCL device, or else the CPU network.</summary>
    PortableKernels,

    /// <summary>The CPU network of the same assembly: equal results.</summary>
    CpuNetwork,
}

/// <summary>How a network runs on a GPU.</summary>
public sealed record GpuOptions
{
    /// <summary>Images of the largest batch; device memory is reserved for it.</summary>
    public int MaxBatch { get; init; } = 1;

    /// <summary>Which CUDA device, counted from 0 among those that will do.</summary>
    public int Device { get; init; }

    /// <summary>What to do without a CUDA device.</summary>
    public GpuFallback Fallback { get; init; }
}
