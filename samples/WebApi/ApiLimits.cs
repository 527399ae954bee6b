using System.ComponentModel.DataAnnotations;

namespace WebApi;

/// <summary>What the service accepts; section <c>Limits</c> of the configuration (<c>--Limits:UploadBytes=200000</c>).</summary>
/// <remarks>Memory stays below Connections x UploadBytes + Concurrency x ImagePixels x 4 bytes, whatever is sent.</remarks>
internal sealed class ApiLimits
{
    /// <summary>Bytes of one upload.</summary>
    [Range(1, 100_000_000)]
    public int UploadBytes { get; init; } = 2_000_000;

    /// <summary>Width times height of one image. Checked in the header, before anything is decoded: a small file can hold a huge image.</summary>
    [Range(1, 100_000_000)]
    public int ImagePixels { get; init; } = 4_000_000;

    /// <summary>Images that are decoded and classified at the same time, each with a network instance of its own.</summary>
    [Range(1, 1024)]
    public int Concurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>Images that wait for their turn; more are refused with 503.</summary>
    [Range(0, 100_000)]
    public int Queue { get; init; } = 64;

    /// <summary>Open connections.</summary>
    [Range(1, 100_000)]
    public int Connections { get; init; } = 256;
}
