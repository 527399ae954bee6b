using Hawq.Cli.Gpu;
using Xunit;

namespace Hawq.Cli.Tests.Gpu;

/// <summary>A test that needs NVIDIA's ptxas and nvdisasm on PATH; skipped with a message where they are absent, as on CI.</summary>
public sealed class SassFactAttribute : FactAttribute
{
    /// <summary>Marks the test.</summary>
    public SassFactAttribute() => Skip = CudaTools.Available ? null! : "ptxas and nvdisasm of NVIDIA's CUDA toolkit are not on PATH.";
}
