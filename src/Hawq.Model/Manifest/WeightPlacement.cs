namespace Hawq.Model;

/// <summary>Whether the weights of all layers lie in the sidecar, aligned and apart.</summary>
internal static class WeightPlacement
{
    public static void Check(Network network, List<NetworkIssue> issues)
    {
        List<(long Start, long End, int Layer)> ranges = [];
        for (int i = 0; i < network.Layers.Count; i++)
        {
            if (network.Layers[i] is not LinearLayer { Weights: var weights } layer)
            {
                continue;
            }

            string? problem = weights.Offset % SidecarBuilder.Alignment != 0 ? $"is not a multiple of {SidecarBuilder.Alignment}"
                : weights.Offset < 0 || weights.Bytes > network.WeightsFile.Length - weights.Offset
                    ? $"and {weights.Bytes} bytes reach beyond the {network.WeightsFile.Length} bytes of the sidecar"
                : null;
            if (problem is not null)
            {
                issues.Add(new NetworkIssue(HawqIds.ManifestNumber, $"Layer '{layer.Name}': its weight offset {weights.Offset} {problem}.", "layers", i, "weights"));
            }
            else
            {
                ranges.Add((weights.Offset, weights.Offset + weights.Bytes, i));
            }
        }

        ranges.Sort();
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Start < ranges[i - 1].End)
            {
                string name = network.Layers[ranges[i].Layer].Name;
                string other = network.Layers[ranges[i - 1].Layer].Name;
                issues.Add(new NetworkIssue(
                    HawqIds.ManifestNumber, $"Layer '{name}': its weights overlap those of layer '{other}'.", "layers", ranges[i].Layer, "weights"));
            }
        }
    }
}
