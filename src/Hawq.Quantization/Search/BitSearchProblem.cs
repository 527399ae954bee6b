using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Search;

/// <summary>
/// The mixed-precision integer linear program of HAWQ-V3 (arXiv 2011.10680, section 3.4), free of any network: choose one option
/// per layer so that the sum of the objectives is least and every budget holds.
/// </summary>
/// <param name="Costs">Names of the costs that every option carries, for example <c>size</c>, <c>bops</c>, <c>latency</c>.</param>
/// <param name="Layers">The layers, at least one.</param>
/// <param name="Budgets">Any number of upper bounds; several on one cost are allowed.</param>
/// <param name="Ties">Groups of layers that must agree.</param>
public sealed record BitSearchProblem(
    EquatableArray<string> Costs, EquatableArray<SearchLayer> Layers, EquatableArray<Budget> Budgets, EquatableArray<LayerTie> Ties);

/// <summary>One layer and what it may become.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Options">At least one, no bits twice, in order of preference: equal objectives are decided for the earlier option.</param>
/// <param name="Forced">The option it must take (first and last layer, <c>--set</c>), or null.</param>
public sealed record SearchLayer(string Name, EquatableArray<LayerOption> Options, LayerBits? Forced = null)
{
    /// <summary>Whether there is nothing to choose.</summary>
    public bool IsFixed => Forced is not null || Options.Count == 1;
}

/// <summary>One option of a layer.</summary>
/// <param name="Bits">Bit-widths; unique within the layer.</param>
/// <param name="Objective">What is minimised: HAWQ-V3's Omega, a KL divergence, ...; any finite number.</param>
/// <param name="Costs">One per name in <see cref="BitSearchProblem.Costs"/>, at least 0. Decimal, so that sums and limits are exact.</param>
public sealed record LayerOption(LayerBits Bits, double Objective, EquatableArray<decimal> Costs);

/// <summary>An upper bound on the sum of one cost.</summary>
/// <param name="Cost">Name of the cost.</param>
/// <param name="Value">The bound itself, or alpha when <paramref name="IsAlpha"/>.</param>
/// <param name="IsAlpha">Whether the bound is C4 + alpha * (C8 - C4), where C4 and C8 are the costs with every free layer at its
/// narrowest and at its widest option (fixed layers stay what they are, in both).</param>
public sealed record Budget(string Cost, decimal Value, bool IsAlpha)
{
    /// <summary>At most <paramref name="limit"/>, in the unit of the cost.</summary>
    public static Budget Absolute(string cost, decimal limit) => new(cost, limit, false);

    /// <summary>At most C4 + <paramref name="alpha"/> * (C8 - C4).</summary>
    public static Budget Between(string cost, decimal alpha) => new(cost, alpha, true);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Cost}={(IsAlpha ? "alpha " : "")}{Value}");
}

/// <summary>Layers that must agree, because they read one quantized tensor.</summary>
/// <param name="Layers">Indices, two or more.</param>
/// <param name="ActivationsOnly">Whether only the activation bits are shared (consumers of one tensor); otherwise the whole option is
/// (HAWQ-V3: a downsample convolution takes the bits of its block's first convolution).</param>
public sealed record LayerTie(EquatableArray<int> Layers, bool ActivationsOnly = false);
