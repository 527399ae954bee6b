using System.Globalization;
using Hawq.Model;

namespace Hawq.Quantization.Cards;

/// <summary>Sums over a network that several fields of its card need.</summary>
internal sealed class CardFacts(Network network, Dictionary<string, Tensor> tensors, IReadOnlyList<CardLayer> layers)
{
    /// <summary>Layers with weights.</summary>
    public IReadOnlyList<CardLayer> Layers => layers;

    /// <summary>The same without the first and the last.</summary>
    public IEnumerable<CardLayer> Inner => layers.Skip(1).Take(layers.Count - 2);

    /// <summary>Pairs of bits in use, widest first.</summary>
    public string[] Pairs { get; } =
        [.. layers.OrderByDescending(layer => layer.WeightBits * layer.InputBits).ThenByDescending(layer => layer.WeightBits).Select(CardBuilder.Pair).Distinct()];

    /// <summary>Whether layers other than the first and the last differ in their bits.</summary>
    public bool IsMixed => Inner.Select(CardBuilder.Pair).Distinct().Count() > 1;

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes { get; } = network.Layers.OfType<LinearLayer>().Sum(layer => layer.Weights.Bytes);

    /// <summary>Largest tensor in bytes, at its nominal bits; 32-bit branches of additions are never stored.</summary>
    public long PeakTensorBytes { get; } = tensors.Values.Where(tensor => tensor.Bits <= 16).Select(tensor => (((long)tensor.Shape.Length * tensor.Bits) + 7) / 8).DefaultIfEmpty().Max();

    /// <summary>Types of the sums of residual additions.</summary>
    public string[] ResidualTypes { get; } = [.. network.Layers.OfType<AddLayer>().Select(add => $"{tensors[add.Output].Bits}-bit grid").Distinct()];

    /// <summary>Bits of the inputs of layers with weights, by number of elements; a tensor counts once.</summary>
    public double AverageInputBits { get; } = Average(
        network.Layers.OfType<LinearLayer>().Select(layer => layer.Input).Distinct().Select(name => ((long)tensors[name].Bits, (long)tensors[name].Shape.Length)));

    /// <summary>How many inputs of layers with weights have codes below zero.</summary>
    public string SignedInputs { get; } = Share(network, tensors, tensor => tensor.Lo < 0);

    /// <summary>Inputs of layers with weights that have a zero point.</summary>
    public string[] Asymmetric { get; } = [.. network.Layers.OfType<LinearLayer>().Select(layer => layer.Input).Distinct().Where(name => tensors[name].ZeroPoint != 0)];

    private static string Share(Network network, Dictionary<string, Tensor> tensors, Func<Tensor, bool> has)
    {
        Tensor[] inputs = [.. network.Layers.OfType<LinearLayer>().Select(layer => layer.Input).Distinct().Select(name => tensors[name])];
        return string.Create(CultureInfo.InvariantCulture, $"{inputs.Count(has)} of {inputs.Length} inputs");
    }

    /// <summary>Type of a tensor.</summary>
    public string TypeOf(string tensor) => tensors[tensor].TypeName;

    /// <summary>Bits of weights, by number of weights.</summary>
    public double AverageWeightBits(IEnumerable<CardLayer> of) => Average(of.Select(layer => ((long)layer.WeightBits, layer.Weights)));

    private static double Average(IEnumerable<(long Bits, long Count)> parts)
    {
        (long sum, long count) = (0, 0);
        foreach ((long bits, long number) in parts)
        {
            sum += bits * number;
            count += number;
        }

        return count == 0 ? 0 : (double)sum / count;
    }
}
