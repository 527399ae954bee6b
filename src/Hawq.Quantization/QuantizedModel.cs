using Hawq.Model;

namespace Hawq.Quantization;

/// <summary>A quantized network and the bytes of its sidecar.</summary>
/// <param name="Network">The network.</param>
/// <param name="Sidecar">Its weights.</param>
public sealed record QuantizedModel(Network Network, byte[] Sidecar)
{
    /// <summary>The weights, for interpreters.</summary>
    public NetworkWeights Weights => new(Sidecar);
}
