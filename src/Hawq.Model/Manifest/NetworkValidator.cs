namespace Hawq.Model;

/// <summary>
/// Whether a network is consistent: the graph, the shapes of every operator, the ranges, and that nothing overflows int32. The reader refuses
/// what this finds, with positions; the writer refuses to write it.
/// </summary>
public static class NetworkValidator
{
    /// <summary>All issues in the order of the manifest; none for a legal network.</summary>
    public static IReadOnlyList<NetworkIssue> Check(Network network)
    {
        List<NetworkIssue> issues = [];
        CheckNames(network, issues);
        for (int i = 0; i < network.Tensors.Count; i++)
        {
            CheckTensor(network.Tensors[i], i, issues);
        }

        if (issues.Count > 0)
        {
            return issues; // the graph is only readable with sound, unique names
        }

        Dictionary<string, Tensor> tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        GraphChecker.Check(network, tensors, issues);
        CheckInput(network, tensors, issues);
        WeightPlacement.Check(network, issues);
        if (issues.Count == 0)
        {
            CheckLayers(network, tensors, issues);
        }

        return issues;
    }

    private static void CheckLayers(Network network, Dictionary<string, Tensor> tensors, List<NetworkIssue> issues)
    {
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            if (LayerFormats.Find(layer.Op) is { } format)
            {
                Tensor[] inputs = layer.Inputs.Select(name => tensors[name]).ToArray();
                format.Check(layer, inputs, tensors[layer.Output], new LayerIssues(layer.Name, i, issues));
            }
        }
    }

    private static void CheckNames(Network network, List<NetworkIssue> issues)
    {
        CheckUnique(network.Tensors.Select(tensor => tensor.Name), "tensors", issues);
        CheckUnique(network.Layers.Select(layer => layer.Name), "layers", issues);
        if (!ManifestNames.IsFileName(network.Name))
        {
            issues.Add(new NetworkIssue(HawqIds.ManifestField, $"'{ManifestNames.Quote(network.Name)}' cannot be the name of a network: it must be a plain file name.", "name"));
        }

        WeightsFile weights = network.WeightsFile;
        if (!ManifestNames.IsFileName(weights.File))
        {
            issues.Add(new NetworkIssue(
                HawqIds.ManifestField, $"'{ManifestNames.Quote(weights.File)}' is not a plain file name; the weights lie beside the manifest.", "weights", -1, "file"));
        }

        if (!ManifestNames.IsSha256(weights.Sha256))
        {
            issues.Add(new NetworkIssue(HawqIds.ManifestField, "A SHA-256 has 64 lower-case hexadecimal digits.", "weights", -1, "sha256"));
        }

        if (network.Provenance.SourceSha256.Length > 0 && !ManifestNames.IsSha256(network.Provenance.SourceSha256))
        {
            issues.Add(new NetworkIssue(HawqIds.ManifestField, "A SHA-256 has 64 lower-case hexadecimal digits, or is empty.", "provenance", -1, "sourceSha256"));
        }
    }

    private static void CheckUnique(IEnumerable<string> names, string section, List<NetworkIssue> issues)
    {
        HashSet<string> seen = [];
        int index = 0;
        foreach (string name in names)
        {
            if (!ManifestNames.IsName(name))
            {
                issues.Add(new NetworkIssue(
                    HawqIds.ManifestField, $"'{ManifestNames.Quote(name)}' cannot be a name: it must be printable, not empty, and not begin or end with space.", section, index, "name"));
            }
            else if (!seen.Add(name))
            {
                issues.Add(new NetworkIssue(HawqIds.ManifestGraph, $"The name '{name}' is taken by another of the {section}.", section, index, "name"));
            }

            index++;
        }
    }

    private static void CheckTensor(Tensor tensor, int index, List<NetworkIssue> issues)
    {
        void Add(string id, string field, string message) =>
            issues.Add(new NetworkIssue(id, $"Tensor '{ManifestNames.Quote(tensor.Name)}': {message}.", "tensors", index, field));

        if (!ManifestReader.IsElementCount(tensor.Shape.Height, tensor.Shape.Width, tensor.Shape.Channels))
        {
            Add(HawqIds.ManifestNumber, "shape", $"its shape {tensor.Shape} is empty or has more than {ManifestLimits.Elements} elements");
        }

        if (tensor.Bits is < 1 or > 32)
        {
            Add(HawqIds.ManifestNumber, "bits", $"its {tensor.Bits} bits are outside [1, 32]");
            return;
        }

        if (tensor.Lo > tensor.Hi)
        {
            Add(HawqIds.ManifestNumber, "lo", $"lo {tensor.Lo} is greater than hi {tensor.Hi}");
            return;
        }

        long min = tensor.Signed ? -(1L << (tensor.Bits - 1)) : 0;
        long max = tensor.Signed ? (1L << (tensor.Bits - 1)) - 1 : (1L << tensor.Bits) - 1;
        if (tensor.Lo < min || tensor.Hi > max)
        {
            Add(HawqIds.ManifestNumber, "bits", $"{tensor.Bits} bits do not hold the range [{tensor.Lo}, {tensor.Hi}]");
        }

        if (tensor.ZeroPoint < tensor.Lo || tensor.ZeroPoint > tensor.Hi)
        {
            Add(HawqIds.ManifestNumber, "zeroPoint", $"its zero point {tensor.ZeroPoint} is outside its range [{tensor.Lo}, {tensor.Hi}]");
        }

        if (!(tensor.Scale > 0) || float.IsInfinity(tensor.Scale))
        {
            Add(HawqIds.ManifestNumber, "scale", "its scale is not positive and finite");
        }
    }

    private static void CheckInput(Network network, Dictionary<string, Tensor> tensors, List<NetworkIssue> issues)
    {
        NetworkInput input = network.Input;
        if (!tensors.TryGetValue(input.Tensor, out Tensor tensor))
        {
            return; // reported by the graph
        }

        void Add(string id, string field, string message) => issues.Add(new NetworkIssue(id, message, "input", -1, field));

        if (input.PixelTables.Count > 0 && input.PixelTables.Count != tensor.Shape.Channels)
        {
            Add(HawqIds.ManifestShape, "pixelTables", $"There are {input.PixelTables.Count} pixel tables for {tensor.Shape.Channels} channels.");
        }

        for (int c = 0; c < input.PixelTables.Count; c++)
        {
            EquatableArray<int> table = input.PixelTables[c];
            if (table.Count != 256)
            {
                Add(HawqIds.ManifestShape, "pixelTables", $"The pixel table of channel {c} has {table.Count} entries; 256 are expected.");
            }
            else if (table.Any(code => code < tensor.Lo || code > tensor.Hi))
            {
                Add(HawqIds.ManifestNumber, "pixelTables", $"The pixel table of channel {c} leaves the input's range [{tensor.Lo}, {tensor.Hi}].");
            }
        }

        if (input.Preprocess is { } preprocess)
        {
            if (preprocess.ChannelOrder is not ("RGB" or "BGR" or "GRAY"))
            {
                Add(HawqIds.ManifestField, "preprocess", "The channel order is RGB, BGR or GRAY.");
            }

            int channels = tensor.Shape.Channels;
            if (preprocess.Mean.Count != channels || preprocess.Std.Count != channels)
            {
                Add(HawqIds.ManifestShape, "preprocess", $"The mean and the standard deviation need one number for each of {channels} channels.");
            }
        }

        if (network.Outputs.Count > 0 && network.Labels.Count > 0 && tensors.TryGetValue(network.Outputs[0], out Tensor first)
            && network.Labels.Count != first.Shape.Length)
        {
            issues.Add(new NetworkIssue(
                HawqIds.ManifestShape, $"There are {network.Labels.Count} labels, but the first output has {first.Shape.Length} elements.", "labels"));
        }
    }
}
