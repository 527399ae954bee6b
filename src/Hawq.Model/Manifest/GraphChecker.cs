namespace Hawq.Model;

/// <summary>Whether the layers form a graph in execution order: every tensor known, written once, written before it is read, and used.</summary>
internal static class GraphChecker
{
    public static void Check(Network network, Dictionary<string, Tensor> tensors, List<NetworkIssue> issues)
    {
        Dictionary<string, int> writers = FindWriters(network, tensors, issues);
        HashSet<string> read = [];
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            for (int k = 0; k < layer.Inputs.Count; k++)
            {
                string input = layer.Inputs[k];
                read.Add(input);
                string? problem = !tensors.ContainsKey(input) ? "which is not among the tensors"
                    : writers.TryGetValue(input, out int writer) && writer >= i
                        ? $"which is only written by layer '{network.Layers[writer].Name}'{(writer == i ? ", itself" : " after it")}: a cycle, or the wrong order"
                        : null;
                if (problem is not null)
                {
                    issues.Add(new NetworkIssue(
                        HawqIds.ManifestGraph, $"Layer '{layer.Name}' reads '{ManifestNames.Quote(input)}', {problem}.", "layers", i,
                        LayerFormats.Find(layer.Op)?.InputField(k)));
                }
            }
        }

        CheckOutputs(network, tensors, read, issues);
        for (int i = 0; i < network.Tensors.Count; i++)
        {
            string name = network.Tensors[i].Name;
            if (name != network.Input.Tensor && !writers.ContainsKey(name))
            {
                issues.Add(new NetworkIssue(HawqIds.ManifestGraph, $"No layer writes the tensor '{name}', and it is not the input.", "tensors", i, "name"));
            }
            else if (!read.Contains(name))
            {
                issues.Add(new NetworkIssue(HawqIds.ManifestGraph, $"The tensor '{name}' is unused: no layer reads it, and it is not an output.", "tensors", i, "name"));
            }
        }
    }

    private static Dictionary<string, int> FindWriters(Network network, Dictionary<string, Tensor> tensors, List<NetworkIssue> issues)
    {
        Dictionary<string, int> writers = [];
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            string? problem = !tensors.ContainsKey(layer.Output) ? "which is not among the tensors"
                : layer.Output == network.Input.Tensor ? "which is the network's input"
                : writers.TryGetValue(layer.Output, out int other) ? $"which layer '{network.Layers[other].Name}' has written"
                : null;
            if (problem is null)
            {
                writers.Add(layer.Output, i);
            }
            else
            {
                issues.Add(new NetworkIssue(
                    HawqIds.ManifestGraph, $"Layer '{layer.Name}' writes '{ManifestNames.Quote(layer.Output)}', {problem}.", "layers", i, "output"));
            }
        }

        return writers;
    }

    // Marks the outputs as read.
    private static void CheckOutputs(Network network, Dictionary<string, Tensor> tensors, HashSet<string> read, List<NetworkIssue> issues)
    {
        if (!tensors.ContainsKey(network.Input.Tensor))
        {
            issues.Add(new NetworkIssue(
                HawqIds.ManifestGraph, $"The input '{ManifestNames.Quote(network.Input.Tensor)}' is not among the tensors.", "input", -1, "tensor"));
        }

        if (network.Outputs.Count == 0)
        {
            issues.Add(new NetworkIssue(HawqIds.ManifestGraph, "A network needs an output.", "outputs"));
        }

        HashSet<string> outputs = [];
        for (int i = 0; i < network.Outputs.Count; i++)
        {
            string name = network.Outputs[i];
            read.Add(name);
            if (!tensors.ContainsKey(name) || name == network.Input.Tensor || !outputs.Add(name))
            {
                string problem = !tensors.ContainsKey(name) ? "is not among the tensors" : name == network.Input.Tensor ? "is the input" : "is given twice";
                issues.Add(new NetworkIssue(HawqIds.ManifestGraph, $"The output '{ManifestNames.Quote(name)}' {problem}.", "outputs", i));
            }
        }
    }
}
