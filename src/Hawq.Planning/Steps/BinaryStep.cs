using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Product of two tensors; the second may be one pixel that is repeated.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="A">First factor.</param>
/// <param name="B">Second factor, of the same shape or 1 x 1 x C.</param>
/// <param name="Epilogue">What happens to the product of both (stored - stored zero).</param>
public sealed record MulStep(string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage A, TensorStorage B, Epilogue Epilogue)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [A, B];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);
}

/// <summary>Difference of two tensors, each requantized for itself.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="A">Minuend.</param>
/// <param name="B">Subtrahend.</param>
/// <param name="RequantizeA">Multiplier of the minuend.</param>
/// <param name="RequantizeB">Multiplier of the subtrahend.</param>
/// <param name="Store">Where the difference goes; its multiplier is 1.</param>
public sealed record SubStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage A, TensorStorage B, Requantizer RequantizeA, Requantizer RequantizeB, Store Store)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [A, B];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Store.Target];
}
