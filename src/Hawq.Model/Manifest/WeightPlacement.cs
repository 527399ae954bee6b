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

            Add("weight offset", i, layer, weights.Offset, weights.Bytes);
            if (weights.Tables is { } tables)
            {
                Add("table offset", i, layer, tables, ChannelTables.Bytes(weights.OutputChannels));
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
                    HawqIds.ManifestNumber, $"Layer '{name}': its weights or tables overlap those of layer '{other}'.", "layers", ranges[i].Layer, "weights"));
            }
        }

        void Add(string what, int index, LinearLayer layer, long offset, long bytes)
        {
            string? problem = offset % SidecarBuilder.Alignment != 0 ? $"is not a multiple of {SidecarBuilder.Alignment}"
                : offset < 0 || bytes > network.WeightsFile.Length - offset ? $"and {bytes} bytes reach beyond the {network.WeightsFile.Length} bytes of the sidecar"
                : null;
            if (problem is null)
            {
                ranges.Add((offset, offset + bytes, index));
                return;
            }

            issues.Add(new NetworkIssue(HawqIds.ManifestNumber, $"Layer '{layer.Name}': its {what} {offset} {problem}.", "layers", index, "weights"));
        }
    }
}
