using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Sums every channel over all rows and columns; one requantize carries the division.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Epilogue">What happens to the sum of (stored - stored zero); its multiplier carries the division.</param>
public sealed record GlobalAveragePoolStep(
    string Name, EquatableArray<string> Layers, TensorStorage Source, Epilogue Epilogue)
    : Step(Name, Layers, WorkPlan.Whole)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);
}
