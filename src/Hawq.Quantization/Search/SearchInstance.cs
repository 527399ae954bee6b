using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>
/// A bare instance of HAWQ-V3's program: per layer the average Hessian trace, the perturbations at 8 and 4 bits, and what the
/// layer costs, as its authors published them; with the budgets to solve. Weights and activations of a layer share their bits.
/// </summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Layers">The layers.</param>
/// <param name="TiedLayers">Groups of layer indices that share their bits.</param>
/// <param name="Budgets">The budgets; each is solved on its own.</param>
public sealed record SearchInstance(
    string Network, EquatableArray<InstanceLayer> Layers, EquatableArray<EquatableArray<int>> TiedLayers, EquatableArray<InstanceBudget> Budgets)
{
    /// <summary>The program for one of the budgets.</summary>
    /// <remarks>Costs are in the units of the published instances: MiB of weights, millions of MAC * (bits/32)^2, milliseconds.</remarks>
    public BitSearchProblem Problem(InstanceBudget budget) => new(
        EquatableArray.Of(budget.Cost),
        Layers.Select(layer => new SearchLayer(layer.Name, EquatableArray.Of(Option(layer, budget.Cost, 8), Option(layer, budget.Cost, 4)))).ToEquatableArray(),
        EquatableArray.Of(budget.Alpha is decimal alpha ? Budget.Between(budget.Cost, alpha) : Budget.Absolute(budget.Cost, budget.Limit!.Value)),
        TiedLayers.Select(tie => new LayerTie(tie)).ToEquatableArray());

    private static LayerOption Option(InstanceLayer layer, string cost, int bits) => new(
        new LayerBits(bits, bits),
        (double)(layer.AverageTrace * (bits == 8 ? layer.Perturbation8 : layer.Perturbation4)),
        EquatableArray.Of(cost switch
        {
            InstanceBudget.Size => layer.Parameters!.Value * bits / 8m / (1 << 20),
            InstanceBudget.Bops => layer.MacsMillions!.Value * bits * bits / 1024,
            _ => (bits == 8 ? layer.Latency8Ms : layer.Latency4Ms)!.Value,
        }));
}

/// <summary>One layer of a bare instance.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="AverageTrace">Trace of the Hessian over the layer's weights, divided by their number.</param>
/// <param name="Perturbation8">Sum of squares of the change of the weights at 8 bits.</param>
/// <param name="Perturbation4">The same at 4 bits.</param>
/// <param name="Parameters">Weights; needed for a size budget.</param>
/// <param name="MacsMillions">Multiply-accumulates in millions; needed for a BOPS budget.</param>
/// <param name="Latency8Ms">Milliseconds at 8 bits; needed for a latency budget.</param>
/// <param name="Latency4Ms">Milliseconds at 4 bits; needed for a latency budget.</param>
public sealed record InstanceLayer(
    string Name, decimal AverageTrace, decimal Perturbation8, decimal Perturbation4, long? Parameters, decimal? MacsMillions, decimal? Latency8Ms, decimal? Latency4Ms);

/// <summary>One budget of a bare instance, and the published answer where there is one.</summary>
/// <param name="Cost"><see cref="Size"/>, <see cref="Bops"/> or <see cref="Latency"/>.</param>
/// <param name="Alpha">Position between the 4-bit and the 8-bit network, or null when only the limit is given.</param>
/// <param name="Limit">The limit; with alpha, a rounded copy of what alpha says.</param>
/// <param name="ExpectedBits">A digit per layer, or null.</param>
public sealed record InstanceBudget(string Cost, decimal? Alpha, decimal? Limit, string? ExpectedBits)
{
    /// <summary>Bytes of weights over 2^20.</summary>
    public const string Size = "size";

    /// <summary>Millions of MAC * (bits/32)^2.</summary>
    public const string Bops = "bops";

    /// <summary>Milliseconds.</summary>
    public const string Latency = "lat";
}
