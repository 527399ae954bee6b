using System.Text;
using Hawq.Model;
using Hawq.Testing;

namespace Hawq.Fuzz.Targets;

/// <summary>Good manifests: random networks, and one around every operator.</summary>
internal static class NetworkSeeds
{
    /// <summary>The networks with their sidecars.</summary>
    public static IReadOnlyList<(Network Network, byte[] Sidecar, byte[] Manifest)> All { get; } = [.. Create()];

    private static IEnumerable<(Network, byte[], byte[])> Create()
    {
        foreach ((Network network, NetworkWeights weights) in Enumerable.Range(0, 12).Select(RandomNetworks.Create)
            .Concat(OperatorNetworks.Operators.Select(op => OperatorNetworks.Create(op, seed: 1))))
        {
            yield return (network, weights.Sidecar, Encoding.UTF8.GetBytes(ManifestWriter.Write(network)));
        }
    }
}
