using Hawq.Model;

namespace Hawq.Planning;

/// <summary>A window that slides over rows and columns.</summary>
/// <param name="Kernel">Rows and columns.</param>
/// <param name="Stride">Rows and columns between outputs.</param>
/// <param name="Padding">Rows and columns around the input.</param>
/// <param name="Dilation">Distance between taps.</param>
public sealed record PoolWindow(Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation)
{
    /// <summary>Whether no window reaches into the padding, so that kernels need not look.</summary>
    public bool AlwaysInside => Padding is { Top: 0, Left: 0, Bottom: 0, Right: 0 };
}

/// <summary>Largest code in a window; taps in the padding are left out.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Window">Window.</param>
/// <param name="Target">Target tensor, with the same element and stored zero.</param>
public sealed record MaxPoolStep(string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, PoolWindow Window, TensorStorage Target)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}

/// <summary>Sum over a window; one requantize carries the division.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Window">Window.</param>
/// <param name="Output">Output shape.</param>
/// <param name="Divisors">The multipliers: one, or one for each number of taps inside the input, rising.</param>
/// <param name="Epilogue">What happens to the sum of (stored - stored zero) over the taps inside the input.</param>
public sealed record AveragePoolStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, PoolWindow Window, Shape Output, EquatableArray<PoolDivisor> Divisors, Epilogue Epilogue)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);

    /// <summary>
    /// Whether sixteen channels at a time can be summed in 16-bit lanes that are read as signed ones later: bytes, so few that the largest of all fit.
    /// </summary>
    public bool SumsFitVectors => Source.Element == ElementType.UInt8 && Output.Channels % 16 == 0
        && (long)Source.StoredHi * Window.Kernel.Height * Window.Kernel.Width <= short.MaxValue;

    /// <summary>Instruction sets with a kernel, best first; the last is <see cref="InstructionSet.Scalar"/>.</summary>
    public EquatableArray<InstructionSet> Tiers => SumsFitVectors ? ElementwiseStep.TiersFor(Epilogue) : EquatableArray.Of(InstructionSet.Scalar);
}
