using Hawq.Model;
using Hawq.Quantization.Recipe;

namespace Hawq.Quantization;

/// <summary>A quantized network and the bytes of its sidecar.</summary>
/// <param name="Network">The network.</param>
/// <param name="Sidecar">Its weights.</param>
public sealed record QuantizedModel(Network Network, byte[] Sidecar)
{
    /// <summary>What became of each layer with weights, in execution order; empty at <see cref="Effort.Naive"/>.</summary>
    public IReadOnlyList<LayerReport> Layers { get; init; } = [];

    /// <summary>The weights, for interpreters.</summary>
    public NetworkWeights Weights => new(Sidecar);
}
