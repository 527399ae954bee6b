using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>What a mixed-precision search may do.</summary>
public sealed record MixedPrecisionOptions
{
    /// <summary>What every free layer may become, widest first.</summary>
    public IReadOnlyList<LayerBits> Options { get; init; } = SensitivityOptions.DefaultOptions;

    /// <summary>Bits of the layers that read the network's input; null: free.</summary>
    public LayerBits? First { get; init; } = LayerBits.Eight;

    /// <summary>Bits of the layers that write the network's output; null: free.</summary>
    public LayerBits? Last { get; init; } = LayerBits.Eight;

    /// <summary>Bits by layer name; they win over everything else.</summary>
    public IReadOnlyDictionary<string, LayerBits> Set { get; init; } = new Dictionary<string, LayerBits>();

    /// <summary>Budgets, all of which must hold.</summary>
    public IReadOnlyList<Budget> Budgets { get; init; } = [];

    /// <summary>Measured times; needed for a latency budget.</summary>
    public LatencyTable? Latency { get; init; }

    /// <summary>How many of the program's best assignments are quantized and judged beside the uniform ones; at least 1.</summary>
    public int Candidates { get; init; } = 1;
}

/// <summary>Builds the integer linear program of a network from its sensitivities, and turns the answer into bit-widths for the quantizer.</summary>
public static class MixedPrecisionProblem
{
    /// <summary>Builds the program: sensitivities as objective; bytes, BOPS and, with a table, nanoseconds as costs.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearch"/>: sensitivities or times of a layer or option are missing, or belong to another
    /// model; a budget on latency without a table; bits for a layer that does not exist.</exception>
    public static BitSearchProblem Build(FloatGraph graph, SensitivityTable sensitivities, MixedPrecisionOptions options)
    {
        CheckModel("sensitivities", graph, sensitivities.ModelSha256);
        CheckModel("latency table", graph, options.Latency?.ModelSha256);
        FloatNode[] layers = [.. graph.Nodes.Where(LayerParameters.Has)];
        if (options.Set.Keys.Order(StringComparer.Ordinal).FirstOrDefault(name => layers.All(layer => layer.Name != name)) is string unknown)
        {
            throw new HawqException(HawqIds.BitSearch, $"The network has no layer '{unknown}' to set bits for; it has {string.Join(", ", layers.Select(layer => layer.Name))}.");
        }

        if (options.Latency is null && options.Budgets.Any(budget => budget.Cost == CostNames.Latency))
        {
            throw new HawqException(HawqIds.BitSearch, "A latency budget needs measured times. Make a table with hawq profile and name it with --latency-table.");
        }

        string[] costs = options.Latency is null ? [CostNames.Size, CostNames.Bops] : [CostNames.Size, CostNames.Bops, CostNames.Latency];
        Dictionary<string, LayerSensitivity> bySensitivity = sensitivities.Layers.ToDictionary(layer => layer.Layer);
        return new BitSearchProblem(
            costs,
            layers.Select(layer => Layer(graph, layer, bySensitivity.GetValueOrDefault(layer.Name), options)).ToEquatableArray(),
            options.Budgets.ToEquatableArray(),
            GraphTies.Find(graph, layers).ToEquatableArray());
    }

    /// <summary>The quantizer's form of an assignment.</summary>
    public static BitAssignment ToBits(BitSearchProblem problem, SearchAssignment assignment) => new(LayerBits.Eight)
    {
        First = null,
        Last = null,
        Layers = problem.Layers.Select((layer, i) => (layer.Name, Bits: assignment.Bits[i])).ToDictionary(pair => pair.Name, pair => pair.Bits),
    };

    private static SearchLayer Layer(FloatGraph graph, FloatNode layer, LayerSensitivity? sensitivity, MixedPrecisionOptions options)
    {
        LayerBits? forced = options.Set.TryGetValue(layer.Name, out LayerBits set) ? set
            : IsLast(graph, layer) && options.Last is not null ? options.Last
            : layer.Inputs[0] == graph.Input ? options.First
            : null;
        return new SearchLayer(
            layer.Name,
            (forced is LayerBits only ? [only] : options.Options).Select(bits => Option(graph, layer, bits, sensitivity, forced is not null, options.Latency)).ToEquatableArray(),
            forced);
    }

    private static LayerOption Option(FloatGraph graph, FloatNode layer, LayerBits bits, LayerSensitivity? sensitivity, bool forced, LatencyTable? latency)
    {
        // A layer with nothing to choose adds a constant, or nothing when it was not measured.
        double objective = sensitivity?.Value(bits) ?? (forced
            ? 0
            : throw new HawqException(HawqIds.BitSearch, $"There is no sensitivity of layer '{layer.Name}' at {bits}. Measure it with hawq analyze --options."));
        List<decimal> costs = [LayerCosts.Bytes(layer, bits), LayerCosts.Bops(graph, layer, bits)];
        if (latency is not null)
        {
            costs.Add(latency.Of(layer.Name, bits) ?? throw new HawqException(
                HawqIds.BitSearch, $"The latency table of '{latency.Network}' has no time for layer '{layer.Name}' at {bits}. Measure it with hawq profile."));
        }

        return new LayerOption(bits, objective, costs.ToEquatableArray());
    }

    private static bool IsLast(FloatGraph graph, FloatNode layer) =>
        graph.Outputs.Contains(layer.Output) || graph.Nodes.Any(node => node is ClipNode && node.Inputs[0] == layer.Output && graph.Outputs.Contains(node.Output));

    private static void CheckModel(string what, FloatGraph graph, string? sha256)
    {
        if (sha256 is not null && sha256 != graph.Sha256)
        {
            throw new HawqException(HawqIds.BitSearch, $"The {what} were made for another model (SHA-256 {sha256}, not {graph.Sha256}). Make them again for this one.");
        }
    }
}

/// <summary>What a layer costs at given bits, by counting.</summary>
public static class LayerCosts
{
    /// <summary>Bytes of the packed weights: every output channel starts at a whole byte.</summary>
    public static decimal Bytes(FloatNode layer, LayerBits bits)
    {
        (float[] weights, float[] bias) = LayerParameters.Of(layer);
        long perChannel = weights.Length / bias.Length;
        return bias.Length * (((perChannel * bits.StoredWeights) + 7) / 8);
    }

    /// <summary>Multiply-accumulates per image.</summary>
    public static long Macs(FloatGraph graph, FloatNode layer)
    {
        Shape output = graph.Shapes[layer.Output];
        return (long)output.Height * output.Width * LayerParameters.Of(layer).Weights.Length; // a fully connected layer's output is 1 x 1
    }

    /// <summary>Weight bits times activation bits times multiply-accumulates.</summary>
    public static decimal Bops(FloatGraph graph, FloatNode layer, LayerBits bits) => (decimal)bits.Weights * bits.Activations * Macs(graph, layer);
}
